"""Reacting to messages. Inside the organisation; each change is drawn into the message's fragment (chat.parts.reactions)."""

from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from chat import changes
from chat.changes import MessageRefused
from chat.models import Reaction
from chat.text import emoji as emoji_list

if TYPE_CHECKING:
    from accounts.models import Person

MOST_EMOJI = 20  # different ones on a message

_INSERT = """
insert into chat_reaction (message_id, person_id, emoji) values (%s, %s, %s)
on conflict (message_id, person_id, emoji) do nothing returning id
"""


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
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [message.pk, person.pk, spelled])
        is_new = cursor.fetchone() is not None
    if is_new:
        changes.redraw(room, message)


@transaction.atomic
def remove_reaction(person: "Person", room_id: int, message_id: int, emoji: str) -> None:
    """Take one's own reaction back; what is not there changes nothing. Raises as `add_reaction`."""
    spelled = _known(emoji)
    room, message = changes.changing(person, room_id, message_id, as_member=True)
    removed, _by_model = Reaction.objects.filter(message=message, person=person, emoji=spelled).delete()
    if removed:
        changes.redraw(room, message)


def _known(emoji: str) -> str:
    spelled = emoji_list.known(emoji)
    if spelled is None:
        raise MessageRefused("unknown_emoji", _("This emoji is not known here."))
    return spelled
