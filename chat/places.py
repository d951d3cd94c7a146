"""A room as one person has it before them: the room, their membership if they have one, and how many are in it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from chat import memberships, rooms
from chat.access import visible_rooms
from chat.models import Membership, Room

if TYPE_CHECKING:
    from accounts.models import Person


@dataclass(frozen=True, slots=True)
class Place:
    """`person` sees `room`; the rest says what else they may do there."""

    person: "Person"
    room: Room
    membership: Membership | None
    members_count: int

    @property
    def read_position(self) -> int:
        """For somebody who only looks in, nothing is unread."""
        return self.membership.read_position if self.membership else self.room.messages

    @property
    def may_post(self) -> bool:
        return self.membership is not None and not self.room.is_archived

    @property
    def may_join(self) -> bool:
        return self.membership is None and not self.room.is_archived and not self.person.is_guest

    @property
    def may_leave(self) -> bool:
        return self.membership is not None and memberships.may_leave(self.person, self.room)

    @property
    def may_describe(self) -> bool:
        is_member = self.membership is not None
        return not self.room.is_archived and rooms.may_describe(self.person, self.room, is_member=is_member)

    @property
    def may_archive(self) -> bool:
        return rooms.may_archive(self.person, self.room)

    @property
    def may_add(self) -> bool:
        return self.may_post and not self.room.is_direct and not self.person.is_guest


def place_for(person: "Person", room_id: int) -> Place:
    """The room for `person`. Raises Room.DoesNotExist. Inside the organisation; one query for members, else two."""
    present = Membership.objects.filter(person=person, room_id=room_id, left_at__isnull=True)
    membership = present.select_related("room").annotate(members_count=_members("room_id")).first()
    if membership is not None:
        return Place(person, membership.room, membership, membership.members_count)
    room = visible_rooms(person).annotate(members_count=members_count()).get(pk=room_id)
    return Place(person, room, None, room.members_count)


def members_count() -> Coalesce:
    """How many are in a room, as an annotation of rooms."""
    return _members("pk")


def _members(room: str) -> Coalesce:
    present = Membership.objects.filter(room=OuterRef(room), left_at__isnull=True).order_by()
    count = present.values("room").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
