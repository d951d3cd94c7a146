"""What people do with rooms: create, describe, archive; begin a direct message. Who is in them is chat.memberships.

Every change counts a revision under the room's lock and announces itself (docs/message-path.md). All functions run
inside the organisation. They raise Room.DoesNotExist where the person can't see the room (also when it exists),
NotAllowed where they see it and may not, and RoomRefused for what can't be done.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import blocks, broadcasts, revisions
from chat.access import membership_of
from chat.directory import visible_people
from chat.memberships import (
    add_members,
    check_addable,
    enrol,
    join_room,
    leave_room,
    locked_for,
    remove_member,
)
from chat.models import Room
from chat.room_names import NotAllowed, RoomRefused, checked_name, checked_topic

if TYPE_CHECKING:
    from accounts.models import Person

MOST_IN_DIRECT = 9  # oneself and eight others
_NAME_ONCE = "room_name_once"


def create_room(
    person: "Person", name: str, kind: str = Room.Kind.PUBLIC, topic: str = "", members: Collection[int] = ()
) -> Room:
    """A new public or private room with `person` and `members` (ids) in it. Seven queries."""
    if person.is_guest:
        raise NotAllowed(_("Guests can't create rooms."))
    if kind not in (Room.Kind.PUBLIC, Room.Kind.PRIVATE):
        raise RoomRefused("kind_unknown", _("A room is public or private."))
    room = Room(kind=kind, name=checked_name(name), topic=checked_topic(topic), created_by=person)
    with transaction.atomic():
        check_addable(person, members)
        saving_name(room.save)
        room.refresh_from_db(fields=["created_at"])
        enrol(room, {person.pk, *members})
    return room


def rename_room(person: "Person", room_id: int, name: str) -> Room:
    """Give a room another name."""
    return describe_room(person, room_id, name=name)


def set_topic(person: "Person", room_id: int, topic: str) -> Room:
    """Say what a room is about."""
    return describe_room(person, room_id, topic=topic)


@transaction.atomic
def describe_room(
    person: "Person", room_id: int, *, name: str | None = None, topic: str | None = None
) -> Room:
    """Change name or topic or both, as any member but guests may. Saying the same again changes nothing."""
    room = locked_for(person, room_id)
    if room.is_direct:
        raise RoomRefused("direct", _("A direct message is called after its people."))
    if not may_describe(person, room, is_member=membership_of(person, room_id) is not None):
        raise NotAllowed(_("Only members of the room change its name and topic."))
    if room.is_archived:
        raise RoomRefused("archived", _("This room is archived."))
    wanted = {
        "name": room.name if name is None else checked_name(name),
        "topic": room.topic if topic is None else checked_topic(topic),
    }
    return _change(room, wanted)


@transaction.atomic
def archive_room(person: "Person", room_id: int) -> Room:
    """Close a room to new messages; it can be read and restored, and its name is free again."""
    room = locked_for(person, room_id)
    _require_may_archive(person, room)
    return room if room.is_archived else _change(room, {"archived_at": timezone.now()})


@transaction.atomic
def restore_room(person: "Person", room_id: int) -> Room:
    """Open an archived room again. Refused as name_taken while another room has its name."""
    room = locked_for(person, room_id)
    _require_may_archive(person, room)
    return _change(room, {"archived_at": None}) if room.is_archived else room


def may_describe(person: "Person", room: Room, *, is_member: bool) -> bool:
    """Whether `person`, who sees `room`, may change its name and topic."""
    return is_member and not room.is_direct and not person.is_guest


def may_archive(person: "Person", room: Room) -> bool:
    """Whether `person`, who sees `room`, may archive and restore it."""
    if room.is_direct or room.is_default or person.is_guest:
        return False
    return person.is_administrator or room.created_by_id == person.pk


def open_direct(person: "Person", person_ids: Collection[int]) -> Room:
    """The one room of `person` and these people (up to eight, or nobody else: notes to oneself).

    It exists once, however many begin it at the same moment. What was said stays readable when somebody was
    deactivated, or blocked the other; a new room begins only with active people whom `person` can see. One query where
    it exists.
    """
    everybody = sorted({person.pk, *person_ids})
    if len(everybody) > MOST_IN_DIRECT:
        raise RoomRefused("too_many", _("A direct message has at most eight other people."))
    key = ",".join(map(str, everybody))
    existing = Room.objects.filter(direct_key=key).first()
    if existing is not None:
        return existing
    blocks.check_open(person, key)
    others = [one for one in everybody if one != person.pk]
    if visible_people(person).filter(pk__in=others, is_active=True).count() < len(others):
        raise RoomRefused("unknown_person", _("One of these people can't be found any more."))
    with transaction.atomic():
        # Whoever comes second waits here for the first one's commit and finds the room with its people in it.
        room, created = Room.objects.get_or_create(
            direct_key=key, defaults={"kind": Room.Kind.DIRECT, "created_by": person}
        )
        if created:
            enrol(room, everybody)
    return room


def _require_may_archive(person: "Person", room: Room) -> None:
    if room.is_direct or room.is_default:
        raise RoomRefused("not_archivable", _("This room can't be archived."))
    if not may_archive(person, room):
        raise NotAllowed(_("Only the room's creator and administrators archive it."))


def _change(room: Room, wanted: Mapping[str, object]) -> Room:
    changed = {field: value for field, value in wanted.items() if getattr(room, field) != value}
    if changed:
        after = room.head
        saving_name(lambda: revisions.advance(room, revision=after + 1, **changed))
        broadcasts.room_changed(room, after)
    return room


def saving_name(save: Callable[[], object]) -> None:
    """Run what may give a room a name. Only "taken" is told: whether by a private room stays unsaid."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        if _NAME_ONCE not in str(error):
            raise
        raise RoomRefused("name_taken", _("There is a room of this name already.")) from None


__all__ = [
    "NotAllowed",
    "RoomRefused",
    "add_members",
    "archive_room",
    "create_room",
    "describe_room",
    "join_room",
    "leave_room",
    "may_archive",
    "may_describe",
    "open_direct",
    "remove_member",
    "rename_room",
    "restore_room",
    "saving_name",
    "set_topic",
]
