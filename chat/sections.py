"""Sections in which a person arranges their rooms, and the order within. Nobody else sees any of it.

A room stands among the favourites, in one of the person's own sections, or, by itself, under Rooms or Direct messages.
Favourites and own sections keep the order that the person gives them; rooms and direct messages order themselves.
Changes of one person wait for each other, so that two devices leave one order. All of it runs inside an organisation;
each change tells the person's own pages.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from chat import broadcasts
from chat.models import Membership, Section
from chat.preferences import LAST, preferences_of
from chat.room_names import RoomRefused, one_line

if TYPE_CHECKING:
    from accounts.models import Person

MOST_SECTIONS = 50
LONGEST_NAME = 40
FAVOURITES = "favourites"
# For the sidebar's statement: rows of `SectionRow`.
OF_PERSON = """
select json_agg(json_build_array(section.id, section.kind, section.name, section.closed)
                order by section.place, section.id)::text
from chat_section section where section.person_id = %(person)s
"""
_ORDER = """
update {table} arranged set place = given.place
from unnest(%s::bigint[]) with ordinality as given (id, place)
where arranged.id = given.id and arranged.place <> given.place
"""
_ORDER_SECTIONS = _ORDER.format(table="chat_section")
_ORDER_ROOMS = _ORDER.format(table="chat_membership")


@transaction.atomic
def create_section(person: "Person", name: str, room_id: int | None = None) -> Section:
    """A new section below the others, with this room in it if one is given. Raises RoomRefused, and for the room as
    `chat.preferences`."""
    _lock(person)
    own = _own(person)
    if own.count() >= MOST_SECTIONS:
        raise RoomRefused("too_many", _("%d sections are enough. Delete one first.") % MOST_SECTIONS)
    last = own.aggregate(last=Max("place"))["last"] or 0
    section = Section.objects.create(person=person, name=checked_name(name), place=last + 1)
    if room_id is not None:
        _put(preferences_of(person, room_id), section, favourite=False)
    broadcasts.arranged(person.pk)
    return section


@transaction.atomic
def rename_section(person: "Person", section_id: int, name: str) -> None:
    """Raises Section.DoesNotExist for any but one's own, RoomRefused."""
    section = _own(person).get(pk=section_id)
    wanted = checked_name(name)
    if wanted != section.name:
        _own(person).filter(pk=section_id).update(name=wanted)
        broadcasts.arranged(person.pk)


@transaction.atomic
def delete_section(person: "Person", section_id: int) -> None:
    """Its rooms go back to Rooms and Direct messages. Raises Section.DoesNotExist for any but one's own."""
    _lock(person)
    _own(person).get(pk=section_id).delete()
    broadcasts.arranged(person.pk)


@transaction.atomic
def order_section(person: "Person", section_id: int, before: int | None) -> None:
    """Put one's own section before another of one's own, or last. Raises Section.DoesNotExist."""
    _lock(person)
    order = list(_own(person).order_by("place", "pk").values_list("pk", flat=True))
    if section_id not in order or (before is not None and before not in order):
        raise Section.DoesNotExist
    _save_order(_ORDER_SECTIONS, _moved(order, section_id, before))
    broadcasts.arranged(person.pk)


@transaction.atomic
def close_section(person: "Person", section: str | int, closed: bool) -> None:
    """Close or open a section: the id of one's own, or the kind of one that everybody has."""
    sections = Section.objects.filter(person=person)
    if isinstance(section, int):
        changed = (
            sections.filter(pk=section, kind=Section.Kind.OWN).exclude(closed=closed).update(closed=closed)
        )
        if not changed and not sections.filter(pk=section, kind=Section.Kind.OWN).exists():
            raise Section.DoesNotExist
    elif section in (Section.Kind.FAVOURITES, Section.Kind.ROOMS, Section.Kind.DIRECTS):
        changed = sections.filter(kind=section).exclude(closed=closed).update(closed=closed)
        if not changed and not sections.filter(kind=section).exists():
            changed = len(
                Section.objects.bulk_create(
                    [Section(person=person, kind=section, closed=closed)], ignore_conflicts=True
                )
            )
    else:
        raise RoomRefused("malformed", _("There is no such section."))
    if changed:
        broadcasts.arranged(person.pk)


@transaction.atomic
def place_room(
    person: "Person", room_id: int, section: str | int | None, before: int | None = None
) -> Membership:
    """Put a room into a section (FAVOURITES, the id of one's own, or None: back where rooms stand by themselves), before
    another room of it or last. Raises Section.DoesNotExist, and for the room as `chat.preferences`."""
    _lock(person)
    membership = preferences_of(person, room_id)
    own = _own(person).get(pk=section) if isinstance(section, int) else None
    _put(membership, own, favourite=section == FAVOURITES)
    if section is not None:
        inside = _inside(person, own.pk if own else None)
        target = {room: pk for pk, room in inside}.get(before) if before is not None else None
        _save_order(_ORDER_ROOMS, _moved([pk for pk, _ in inside], membership.pk, target))
    broadcasts.arranged(person.pk)
    return membership


def steps(order: Sequence[int], one: int) -> tuple[int | None, int | None]:
    """Before which of `order` something has to be put to stand one higher and one lower (0: last); None where it can't."""
    at = order.index(one)
    below = at + 2
    up = order[at - 1] if at else None
    down = None if at == len(order) - 1 else order[below] if below < len(order) else 0
    return up, down


def neighbours(person: "Person", membership: Membership) -> list[int]:
    """The rooms (ids) among which a room stands that its person can order, in their order, itself included; nothing where
    rooms order themselves. One query at most."""
    if not membership.favourite and membership.section_id is None:
        return []
    inside = _inside(person, None if membership.favourite else membership.section_id)
    return [room_id for _, room_id in inside]


def own_sections(person: "Person") -> list[Section]:
    """One's own sections in their order. One query."""
    return list(_own(person).order_by("place", "pk"))


def checked_name(text: str) -> str:
    """`text` as a section's name. Raises RoomRefused."""
    name = one_line(text, "name_malformed")
    if not name:
        raise RoomRefused("name_missing", _("Give the section a name."))
    if len(name) > LONGEST_NAME:
        raise RoomRefused("name_too_long", _("A name has at most %d characters.") % LONGEST_NAME)
    return name


def _own(person: "Person") -> QuerySet[Section]:
    return Section.objects.filter(person=person, kind=Section.Kind.OWN)


def _lock(person: "Person") -> None:
    """One change of a person's arrangement after the other."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=person.pk)


def _put(membership: Membership, section: Section | None, *, favourite: bool) -> None:
    """Last in its section; a favourite keeps the section to which it goes back."""
    wanted: dict[str, object] = {"favourite": favourite, "place": LAST}
    if not favourite:
        wanted["section"] = section
    Membership.objects.filter(pk=membership.pk).update(**wanted)


def _inside(person: "Person", section_id: int | None) -> list[tuple[int, int]]:
    """Memberships and rooms (ids) of the favourites, or of a section, as the sidebar orders them."""
    present = Membership.objects.filter(person=person, left_at__isnull=True, room__archived_at__isnull=True)
    if section_id is None:
        inside = present.filter(favourite=True)
    else:
        inside = present.filter(section_id=section_id, favourite=False)
    return list(inside.order_by("place", "room_id").values_list("pk", "room_id"))


def _moved(order: Sequence[int], one: int, before: int | None) -> list[int]:
    rest = [other for other in order if other != one]
    at = rest.index(before) if before in rest else len(rest)
    return [*rest[:at], one, *rest[at:]]


def _save_order(statement: str, order: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(order)])
