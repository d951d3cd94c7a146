"""A room as one person has it before them: the room, their membership if they have one, and how many are in it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, FilteredRelation, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from chat import memberships, rooms
from chat.access import visible_rooms
from chat.models import Membership, Room

if TYPE_CHECKING:
    from accounts.models import Person


@dataclass(frozen=True, slots=True)
class Place:
    """`person` sees `room`; the rest says what else they may do there. For somebody who only looks in, nothing is
    unread."""

    person: "Person"
    room: Room
    is_member: bool
    read_position: int
    members_count: int

    @property
    def may_post(self) -> bool:
        return self.is_member and not self.room.is_archived

    @property
    def may_join(self) -> bool:
        return not self.is_member and not self.room.is_archived and not self.person.is_guest

    @property
    def may_leave(self) -> bool:
        return self.is_member and memberships.may_leave(self.person, self.room)

    @property
    def may_describe(self) -> bool:
        return not self.room.is_archived and rooms.may_describe(
            self.person, self.room, is_member=self.is_member
        )

    @property
    def may_archive(self) -> bool:
        return rooms.may_archive(self.person, self.room)

    @property
    def may_add(self) -> bool:
        return self.may_post and not self.room.is_direct and not self.person.is_guest


def place_for(person: "Person", room_id: int) -> Place:
    """The room for `person`. Raises Room.DoesNotExist. Inside the organisation; one query."""
    own = Q(memberships__person=person, memberships__left_at__isnull=True)
    seen = visible_rooms(person).annotate(own=FilteredRelation("memberships", condition=own))
    found: Any = seen.annotate(read_position=F("own__read_position"), members_count=members_count())
    room = found.get(pk=room_id)
    is_member = room.read_position is not None
    read_position = room.read_position if is_member else room.messages
    return Place(person, room, is_member, read_position, room.members_count)


def members_count() -> Coalesce:
    """How many are in a room, as an annotation of rooms."""
    present = Membership.objects.filter(room=OuterRef("pk"), left_at__isnull=True).order_by()
    count = present.values("room").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
