"""Who is in a room: joining, leaving, adding and removing people.

Rights, in one place: everybody but guests joins public rooms; every member but guests adds people; guests are added by
administrators; the room's creator and administrators remove people. A direct message's people never change, and
nobody but a guest leaves a default room. Functions run inside the organisation and raise as chat.rooms says.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import broadcasts, preferences, revisions
from chat.access import membership_of, room_for
from chat.models import Membership, Room
from chat.room_names import NotAllowed, RoomRefused

if TYPE_CHECKING:
    from accounts.models import Person

MOST_AT_ONCE = 100


@transaction.atomic
def join_room(person: "Person", room_id: int) -> Room:
    """Become a member of a public room; nothing before it is unread. Joining twice changes nothing."""
    room = locked_for(person, room_id)
    if membership_of(person, room_id) is None:
        if room.is_archived:
            raise RoomRefused("archived", _("This room is archived."))
        enrol(room, [person.pk])
    return room


@transaction.atomic
def leave_room(person: "Person", room_id: int) -> Room:
    """Stop being a member. A private room that nobody is in any more is archived, which frees its name."""
    room = locked_for(person, room_id)
    _require_can_go(room, person)
    _dismiss(room, person)
    return room


@transaction.atomic
def add_members(person: "Person", room_id: int, person_ids: Collection[int]) -> list[int]:
    """Make other people members; returns the ids of those who were not. One unknown id refuses all."""
    room = locked_for(person, room_id)
    if room.is_direct:
        raise RoomRefused("direct", _("The people of a direct message stay the same. Begin a new one."))
    if person.is_guest or membership_of(person, room_id) is None:
        raise NotAllowed(_("Only members of the room add people to it."))
    if room.is_archived:
        raise RoomRefused("archived", _("This room is archived."))
    check_addable(person, person_ids)
    return enrol(room, person_ids)


@transaction.atomic
def remove_member(person: "Person", room_id: int, person_id: int) -> Room:
    """End somebody's membership; a private room's open pages of theirs lose it at once."""
    room = locked_for(person, room_id)
    if person_id != person.pk and not may_remove(person, room):
        raise NotAllowed(_("Only the room's creator and administrators remove people."))
    present = Membership.objects.filter(room=room, person_id=person_id, left_at__isnull=True)
    membership = present.select_related("person").first()
    if membership is None:
        raise RoomRefused("unknown_person", _("This person is not in the room."))
    _require_can_go(room, membership.person)
    _dismiss(room, membership.person)
    return room


def may_remove(person: "Person", room: Room) -> bool:
    """Whether `person` may remove others from `room`, which they see."""
    return not room.is_direct and (
        person.is_administrator or (room.created_by_id == person.pk and not person.is_guest)
    )


def may_leave(person: "Person", room: Room) -> bool:
    """Whether `person`, a member, may stop being one."""
    return not room.is_direct and (not room.is_default or person.is_guest)


def locked_for(person: "Person", room_id: int) -> Room:
    """The room, locked, if `person` may read it. Raises Room.DoesNotExist. Two queries."""
    room = revisions.locked(room_id)
    room_for(person, room_id)  # after the lock: their membership may just have ended
    return room


def check_addable(person: "Person", person_ids: Collection[int]) -> None:
    """Raises RoomRefused unless all are active people whom `person` may bring into a room. One query."""
    wanted = set(person_ids) - {person.pk}
    if len(wanted) > MOST_AT_ONCE:
        raise RoomRefused("too_many", _("Add at most %d people at once.") % MOST_AT_ONCE)
    if not wanted:
        return
    found = dict(get_user_model().objects.filter(pk__in=wanted, is_active=True).values_list("pk", "role"))
    if len(found) < len(wanted):
        raise RoomRefused("unknown_person", _("One of these people can't be found any more."))
    if "guest" in found.values() and not person.is_administrator:
        raise RoomRefused("guest", _("Only administrators add guests to rooms."))


def enrol(room: Room, person_ids: Collection[int]) -> list[int]:
    """Make these people members of the locked `room`; returns those who were not yet. Five queries at most."""
    present = Membership.objects.filter(room=room, left_at__isnull=True)
    already = set(present.filter(person_id__in=person_ids).values_list("person_id", flat=True))
    new = sorted(set(person_ids) - already)
    if new:
        after, revision = room.head, revisions.advance(room)
        Membership.objects.bulk_create(
            [
                Membership(room=room, person_id=person_id, read_position=room.messages, revision=revision)
                for person_id in new
            ],
            update_conflicts=True,  # somebody who left has a row already
            unique_fields=["room", "person"],
            update_fields=["joined_at", "left_at", "read_position", "revision"],
        )
        preferences.follow_default(new, room.pk)
        broadcasts.members_changed(room, after, present.count())
        broadcasts.joined(room.pk, new)
    return new


def _require_can_go(room: Room, person: "Person") -> None:
    if room.is_direct:
        raise RoomRefused("direct", _("The people of a direct message stay the same."))
    if not may_leave(person, room):
        raise RoomRefused("default_room", _("Everybody is in #%s; it can't be left.") % room.name)


def _dismiss(room: Room, person: "Person") -> None:
    present = Membership.objects.filter(room=room, left_at__isnull=True)
    membership = present.filter(person=person)
    if not membership.exists():
        return
    after = room.head
    membership.update(left_at=Now(), revision=revisions.advance(room))
    remaining = present.count()
    broadcasts.members_changed(room, after, remaining)
    public = room.kind == Room.Kind.PUBLIC
    broadcasts.left(room.pk, [person.pk], may_still_read=public and not person.is_guest)
    if not remaining and not public and not room.is_archived:
        revisions.advance(room, archived_at=timezone.now(), revision=room.head + 1)
