"""Reacting to messages. Inside the organisation; each change is drawn into the message's fragment (chat.parts.reactions)."""

from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from chat import broadcasts, changes, custom_emoji
from chat.changes import MessageRefused
from chat.models import Message, Reaction, Room
from chat.parts.people import NAMED
from chat.text import emoji as emoji_list

if TYPE_CHECKING:
    from accounts.models import Person

MOST_EMOJI = 20  # different ones on a message

# With how many reacted so before, as the statement began.
_BEFORE = "(select count(*) from chat_reaction other where other.message_id = %(message)s and other.emoji = %(emoji)s)"
_INSERT = f"""
insert into chat_reaction (message_id, person_id, emoji) values (%(message)s, %(person)s, %(emoji)s)
on conflict (message_id, person_id, emoji) do nothing returning {_BEFORE}
"""  # noqa: S608 - constants only
_DELETE = f"""
delete from chat_reaction where message_id = %(message)s and person_id = %(person)s and emoji = %(emoji)s
returning {_BEFORE}
"""  # noqa: S608 - constants only


@transaction.atomic
def add_reaction(person: "Person", room_id: int, message_id: int, emoji: str) -> None:
    """React with `emoji`; doing it again changes nothing.

    Raises Message.DoesNotExist for what `person` can't see, MessageRefused (unknown_emoji, forbidden, archived,
    too_many) for what can't be done.
    """
    spelled = _known(emoji)
    room, message = changes.changing(person, room_id, message_id, as_member=True)
    others = set(Reaction.objects.filter(message=message).values_list("emoji", flat=True).distinct())
    if spelled not in others and len(others) >= MOST_EMOJI:
        raise MessageRefused("too_many", _("This message has as many different reactions as it can have."))
    _change(_INSERT, person, room, message, spelled)


@transaction.atomic
def remove_reaction(person: "Person", room_id: int, message_id: int, emoji: str) -> None:
    """Take one's own reaction back, also with an emoji that was removed; what is not there changes nothing.

    Raises as `add_reaction`.
    """
    spelled = emoji if emoji_list.own_id(emoji) else _known(emoji)
    room, message = changes.changing(person, room_id, message_id, as_member=True)
    _change(_DELETE, person, room, message, spelled)


def _change(statement: str, person: "Person", room: Room, message: Message, emoji: str) -> None:
    """Where so many react that the fragment does not name them all, the person's own pages hear of their part."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"message": message.pk, "person": person.pk, "emoji": emoji})
        changed = cursor.fetchone()
    if changed is None:
        return
    changes.redraw(room, message)
    if changed[0] >= NAMED:
        broadcasts.chose(person.pk, message, emoji=emoji, on=statement == _INSERT)


def _known(emoji: str) -> str:
    spelled = emoji_list.known(emoji) or custom_emoji.known(emoji)
    if spelled is None:
        raise MessageRefused("unknown_emoji", _("This emoji is not known here."))
    return spelled
