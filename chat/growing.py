"""Group conversations that become rooms: the people and what they said stay, a name comes, others can be added.

The direct message's key is free from then on: the same people may begin another one. Inside the organisation.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from chat import broadcasts, revisions
from chat.access import membership_of
from chat.memberships import check_addable, enrol, locked_for
from chat.models import Room
from chat.room_names import NotAllowed, RoomRefused, checked_name
from chat.rooms import saving_name
from chat.system_messages import say_in

if TYPE_CHECKING:
    from accounts.models import Person

FEWEST = 3  # people: what two say to each other stays between them


@transaction.atomic
def grow_into_room(person: "Person", room_id: int, name: str, people: Collection[int] = ()) -> Room:
    """Make a group's direct message a private room called `name`, with `people` (ids) added, as any of them but guests
    may. Everybody is told in the room. Of two who do it at once the second is refused (not_direct).

    Raises Room.DoesNotExist for who is not in it, NotAllowed, RoomRefused.
    """
    room = locked_for(person, room_id)
    if not room.is_direct:
        raise RoomRefused("not_direct", _("This is a room already."))
    if person.is_guest or membership_of(person, room_id) is None:
        raise NotAllowed(_("Guests can't create rooms."))
    if not may_grow(person, room):
        raise RoomRefused("too_few", _("A conversation of two stays one. Begin one with more people."))
    check_addable(person, people)
    after = room.head
    wanted = {"kind": Room.Kind.PRIVATE, "name": checked_name(name), "direct_key": None, "created_by": person}
    saving_name(lambda: revisions.advance(room, revision=after + 1, **wanted))
    broadcasts.room_changed(room, after)
    enrol(room, people)
    say_in(room, person, _told(person, room))
    return room


def _told(person: "Person", room: Room) -> str:
    return _("%(person)s turned this conversation into the room #%(room)s.") % {
        "person": person.name,
        "room": room.name,
    }


def may_grow(person: "Person", room: Room) -> bool:
    """Whether `person`, who is in it, can make a room of this conversation."""
    members = (room.direct_key or "").count(",") + 1
    return room.is_direct and members >= FEWEST and not person.is_guest
