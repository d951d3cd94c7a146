"""What people chose below a message: with which emoji they reacted, for which options they voted. Inside the organisation.

A fragment names who came first and counts the others (chat.parts.people). The rest is here, for who asks: what they
chose themselves, and who everybody was.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection

from accounts.directory import Card
from chat import access
from chat.access import visible_rooms
from chat.models import Message, PollVote, Reaction
from chat.sidebar import cards_of
from chat.text.emoji import Own
from tenants.ids import encode

if TYPE_CHECKING:
    from accounts.models import Person

MOST_LISTED = 200  # people of an emoji or an option


@dataclass(slots=True)
class Chosen:
    """What one person chose on a message: emoji, and numbers of options."""

    emoji: list[str] = field(default_factory=list)
    options: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chosers:
    """Who chose one thing: an emoji, with the address of its picture where it is the organisation's, or the text of an
    option. `count` are all of them."""

    what: str
    picture: str
    is_option: bool
    count: int
    people: list[Card]


def choices_of(person: "Person", message_ids: Collection[int]) -> dict[int, Chosen]:
    """What `person` chose on those of these messages that they may read, by message; nothing where they chose nothing.
    Two queries."""
    found: defaultdict[int, Chosen] = defaultdict(Chosen)
    rooms = visible_rooms(person)
    reactions = Reaction.objects.filter(person=person, message__in=message_ids, message__room__in=rooms)
    for message_id, emoji in reactions.order_by("pk").values_list("message_id", "emoji"):
        found[message_id].emoji.append(emoji)
    votes = PollVote.objects.filter(person=person, poll__in=message_ids, poll__message__room__in=rooms)
    for message_id, number in votes.order_by("option__number").values_list("poll_id", "option__number"):
        found[message_id].options.append(number)
    return dict(found)


# In the order of the chips, and of the options; of an anonymous poll nobody.
_CHOSERS = """
select what, name, own_id, version, count, people from (
    select false as is_option, min(reaction.id) as place, reaction.emoji as what, own.name, own.id as own_id, own.version,
           count(*) as count, (array_agg(reaction.person_id order by reaction.id))[1:%(most)s] as people
    from chat_reaction reaction
    left join chat_customemoji own
        on own.id = case when reaction.emoji ~ '^e[0-9]+$' then substr(reaction.emoji, 2)::bigint end
    where reaction.message_id = %(message)s group by reaction.emoji, own.id
    union all
    select true, option.number, option.text, null, 0, null,
           count(*), (array_agg(vote.person_id order by vote.id))[1:%(most)s]
    from chat_polloption option join chat_poll poll on poll.message_id = option.poll_id and not poll.anonymous
    join chat_pollvote vote on vote.option_id = option.id
    where option.poll_id = %(message)s group by option.id
) chosen order by is_option, place
"""


def chosers_of(person: "Person", room_id: int, message_id: int) -> tuple[Message, list[Chosers]]:
    """A message that `person` sees, and who reacted and voted there: 200 of each at most. Three queries.

    Raises Message.DoesNotExist, also for what is deleted.
    """
    message = access.message_for(person, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    with connection.cursor() as cursor:
        cursor.execute(_CHOSERS, {"message": message_id, "most": MOST_LISTED})
        rows = cursor.fetchall()
    cards = cards_of({person_id for *_rest, ids in rows for person_id in ids})
    return message, [
        Chosers(
            what=f":{name}:" if name else what,
            picture=Own(own_id, version).url if own_id else "",
            is_option=own_id == 0,
            count=count,
            people=[cards[encode("p", one)] for one in ids],
        )
        for what, name, own_id, version, count, ids in rows
    ]
