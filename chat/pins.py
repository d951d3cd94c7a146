"""Pinning messages of a room for all who read it. Inside the organisation.

A pin is drawn into the message's fragment (`data-pinned` names who did it) and counted with the room, so the room's
page shows both without asking for them.
"""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from chat import changes, fragments, sql
from chat.access import membership_of, room_for
from chat.changes import MessageRefused
from chat.models import Message, Room

if TYPE_CHECKING:
    from accounts.models import Person

MOST_PINS = 100  # in a room


@transaction.atomic
def pin_message(person: "Person", room_id: int, message_id: int) -> None:
    """Pin a message; doing it again changes nothing. Members only, and no guests.

    Raises Message.DoesNotExist for what `person` can't see, MessageRefused (forbidden, archived, too_many) for what
    can't be done.
    """
    room, message = _changing(person, room_id, message_id)
    if message.pinned_at is not None:
        return
    if room.pins >= MOST_PINS:
        raise MessageRefused("too_many", _("%d messages are pinned here. Unpin one first.") % MOST_PINS)
    message.pinned_at, message.pinned_by = sql.clock(), person
    changes.redraw(room, message, ["pinned_at", "pinned_by"])
    changes.count_pins(room, 1)


@transaction.atomic
def unpin_message(person: "Person", room_id: int, message_id: int) -> None:
    """Take a pin away, whoever pinned; what is not pinned changes nothing. Raises as `pin_message`."""
    room, message = _changing(person, room_id, message_id)
    if message.pinned_at is None:
        return
    message.pinned_at = message.pinned_by = None
    changes.redraw(room, message, ["pinned_at", "pinned_by"])
    changes.count_pins(room, -1)


def pinned_messages(person: "Person", room_id: int) -> tuple[Room, list[Message]]:
    """The room and its pinned messages in the order in which they were pinned. Raises Room.DoesNotExist. Two queries."""
    room = room_for(person, room_id)
    pinned = Message.objects.filter(room=room, pinned_at__isnull=False, position__gte=room.first_position)
    messages = list(pinned.order_by("pinned_at", "pk")[:MOST_PINS])
    fragments.bring_up_to_date([one for one in messages if one.html_version != fragments.VERSION])
    return room, messages


def may_pin(person: "Person", room: Room) -> bool:
    """Whether `person` may pin and unpin in `room`. One query."""
    return not (person.is_guest or room.is_archived) and membership_of(person, room.pk) is not None


def _changing(person: "Person", room_id: int, message_id: int) -> tuple[Room, Message]:
    room, message = changes.changing(person, room_id, message_id, as_member=True)
    if person.is_guest:
        raise MessageRefused("forbidden", _("Guests can't pin messages."))
    return room, message
