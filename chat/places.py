"""A room as one person has it before them: the room, their membership if they have one, and how many are in it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from chat import memberships, rooms
from chat.models import Membership, Room
from tenants.prepared import Prepared

if TYPE_CHECKING:
    from accounts.models import Person

_FIELDS = [field.attname for field in Room._meta.concrete_fields]
# The condition is that of `access.visible_rooms`; tests/chat/test_places.py compares them.
_PLACE = Prepared(
    "place",
    f"""
select {", ".join(f"room.{field.column}" for field in Room._meta.concrete_fields)}, member.read_position,
       (select count(*) from chat_membership other where other.room_id = room.id and other.left_at is null)
from chat_room room
left join chat_membership member
    on member.room_id = room.id and member.person_id = %(person)s and member.left_at is null
where room.id = %(room)s and (member.id is not null or room.kind = 'public' and not %(is_guest)s)
""",  # noqa: S608 - constants only
    person="bigint",
    room="bigint",
    is_guest="boolean",
)


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
    row = _PLACE.row(person=person.pk, room=room_id, is_guest=person.is_guest)
    if row is None:
        raise Room.DoesNotExist
    *columns, read_position, count = row
    room = Room.from_db(connection.alias, _FIELDS, columns)
    is_member = read_position is not None
    return Place(person, room, is_member, read_position if is_member else room.messages, count)


def members_count() -> Coalesce:
    """How many are in a room, as an annotation of rooms."""
    present = Membership.objects.filter(room=OuterRef("pk"), left_at__isnull=True).order_by()
    count = present.values("room").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
