"""What a message quotes by linking to another one: a placeholder in its fragment, filled by the page for its reader.

The fragment is the same for everybody, and the quoted message may be of a room that not everybody reads. So it holds
only the quoted message's id and the host of the link; the page asks for all quotes it shows at once, and is told what
its reader may see (DESIGN 1).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, Q

from chat import fragments
from chat.access import visible_rooms
from chat.models import Message, Move, Room

if TYPE_CHECKING:
    from accounts.models import Person


@dataclass(frozen=True, slots=True)
class Quote:
    """A message that somebody links to, for one who may read it."""

    message: Message
    room: Room


def quotes_for(person: "Person", message_ids: Collection[int]) -> dict[int, Quote]:
    """Those of these messages that `person` may read, by id; whether others exist is not told. A message that was moved
    is found by what it was before, too.

    Inside the organisation; two queries, two more where fragments of an older template are drawn anew.
    """
    moves = dict(Move.objects.filter(pk__in=message_ids).values_list("tombstone_id", "message_id"))
    wanted = {*message_ids, *moves.values()}
    found = Message.objects.filter(pk__in=wanted, room__in=visible_rooms(person))
    kept = Q(position__isnull=True) | Q(position__gte=F("room__first_position"))
    messages = list(found.filter(kept).select_related("room"))
    fragments.bring_up_to_date([one for one in messages if one.html_version != fragments.VERSION])
    readable = {message.pk: Quote(message, message.room) for message in messages}
    return {
        asked: quote
        for asked in message_ids
        if (quote := readable.get(moves.get(asked, asked)) or readable.get(asked))
    }
