"""A room as one person has it before them: the room, their membership if they have one, and how many are in it."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat import memberships, rooms
from chat.access import may_administer
from chat.models import Membership, Room
from chat.receipts import COUNTED, SEEN_BY_FEW, SEEN_BY_MANY, Seen, seen_from
from tenants.prepared import Prepared

if TYPE_CHECKING:
    from accounts.models import Person

_FIELDS = [field.attname for field in Room._meta.concrete_fields]
# The condition is that of `access.visible_rooms`; tests/chat/test_places.py compares them.
_PLACE = Prepared(
    "place",
    f"""
select {", ".join(f"room.{field.column}" for field in Room._meta.concrete_fields)}, member.read_position, member.unread_turn,
       member.posted_at,
       counted.members, case when %(receipts)s then {SEEN_BY_MANY} end, case when %(receipts)s then {SEEN_BY_FEW} end
from chat_room room cross join {COUNTED}
left join chat_membership member
    on member.room_id = room.id and member.person_id = %(person)s and member.left_at is null
where room.id = %(room)s and (member.id is not null or room.kind = 'public' and not %(is_guest)s)
""",  # noqa: S608 - constants only
    person="bigint",
    room="bigint",
    is_guest="boolean",
    receipts="boolean",
)


@dataclass(frozen=True, slots=True)
class Place:
    """`person` sees `room`; the rest says what else they may do there. For somebody who only looks in, nothing is
    unread."""

    person: "Person"
    room: Room
    is_member: bool
    read_position: int
    unread_turn: int
    posted_at: datetime | None
    members_count: int
    seen: Seen | None = None  # where it was asked for

    @property
    def may_post(self) -> bool:
        return self.is_member and not self.room.is_archived

    @property
    def administers(self) -> bool:
        return may_administer(self.person, self.room)

    @property
    def is_muzzled(self) -> bool:
        """Whether only others announce here."""
        return self.room.announcements and not self.administers

    @property
    def waits(self) -> int:
        """Seconds until a slow room takes the next post of this person."""
        if not self.room.slow_seconds or self.posted_at is None or self.administers:
            return 0
        passed = (timezone.now() - self.posted_at).total_seconds()
        return max(0, min(self.room.slow_seconds, math.ceil(self.room.slow_seconds - passed)))

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


def place_for(person: "Person", room_id: int, *, receipts: bool = False) -> Place:
    """The room for `person`, with how far it was read if that is asked for. Raises Room.DoesNotExist. Inside the organisation; one query."""
    row = _PLACE.row(person=person.pk, room=room_id, is_guest=person.is_guest, receipts=receipts)
    if row is None:
        raise Room.DoesNotExist
    *columns, read_position, turn, posted_at, count, many, few = row
    room = Room.from_db(connection.alias, _FIELDS, columns)
    is_member = read_position is not None
    seen = seen_from(room.messages, many, few) if receipts else None
    read = read_position if is_member else room.messages
    return Place(person, room, is_member, read, turn or 0, posted_at, count, seen)


def members_count() -> Coalesce:
    """How many are in a room, as an annotation of rooms."""
    present = Membership.objects.filter(room=OuterRef("pk"), left_at__isnull=True).order_by()
    count = present.values("room").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
