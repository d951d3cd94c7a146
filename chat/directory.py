"""Whom a person may know of, and how pages show them.

Everybody but guests sees all people of the organisation. A guest sees the people of the rooms they are in, also those
who left (what they said is still there), and nobody else.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, TypedDict

from django.contrib.auth import get_user_model
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Lower

from accounts.directory import Card, card
from accounts.models import PeopleGroup, PeopleGroupMember
from chat.access import rooms_of
from chat.models import Membership, Room
from tenants.ids import encode

if TYPE_CHECKING:
    from accounts.models import Person

MOST_COMPLETIONS = 20
MOST_GROUPS = 5
MOST_CARDS = 200


def visible_people(person: "Person") -> QuerySet[Any]:
    """The people `person` may know of, deactivated ones included. Inside the organisation; lazy."""
    people = get_user_model().objects.all()
    if not person.is_guest:
        return people
    sharing = Membership.objects.filter(room__in=rooms_of(person)).values("person_id")
    return people.filter(Q(pk=person.pk) | Q(pk__in=sharing))


def guests_who_know(person_id: int) -> list[int]:
    """The ids of the guests who may know of this person, as `visible_people` has it. Inside the organisation; one query."""
    theirs = Membership.objects.filter(person=person_id).values("room_id")
    inside = Membership.objects.filter(person=OuterRef("pk"), left_at__isnull=True, room__in=theirs)
    people = get_user_model().objects
    guests = people.filter(Q(pk=person_id) | Exists(inside), is_active=True, role=people.model.Role.GUEST)
    return list(guests.values_list("pk", flat=True))


def acquaintances(person_id: int) -> set[int] | None:
    """The ids of those whose presence a person may know: None (everybody), for guests who shares a room with them now.

    Inside the organisation; one query, two for a guest.
    """
    return acquaintances_of(get_user_model().objects.get(pk=person_id))


def acquaintances_of(person: "Person") -> set[int] | None:
    """`acquaintances`, for who is known already. One query for a guest."""
    if not person.is_guest:
        return None
    sharing = Membership.objects.filter(room__in=rooms_of(person), left_at__isnull=True)
    return set(sharing.values_list("person_id", flat=True)) | {person.pk}


def people_around(person: "Person", online: Collection[int]) -> list[Any]:
    """Those of `online` (ids) whose presence `person` may know, by name; not oneself, and no bots. One query, two for
    a guest."""
    known = acquaintances_of(person)
    ids = set(online) - {person.pk} if known is None else (set(online) & known) - {person.pk}
    found = get_user_model().objects.filter(pk__in=ids, is_active=True, kind="person")
    return list(found.order_by(Lower("name"), "pk"))


def cards(person: "Person", person_ids: Collection[int]) -> list[Card]:
    """The cards of those among `person_ids` whom `person` may know of; at most 200. One query."""
    wanted = sorted(set(person_ids))[:MOST_CARDS]
    if not wanted:
        return []
    return [card(one) for one in visible_people(person).filter(pk__in=wanted).order_by("pk")]


def complete(person: "Person", query: str, room: Room | None = None) -> list[Card]:
    """The cards of active people with a name of which a word begins with `query`, best first; at most 20.

    The members of `room` (which `person` sees) come first. One query.
    """
    people = visible_people(person).filter(is_active=True)
    query = " ".join(query.split()).lstrip("@")
    if query:
        people = people.filter(Q(name__istartswith=query) | Q(name__icontains=f" {query}"))
        people = people.annotate(rank=Case(When(name__istartswith=query, then=Value(0)), default=Value(1)))
    else:
        people = people.annotate(rank=Value(0))
    order = ["rank", Lower("name"), "pk"]
    if room is not None:
        member = Membership.objects.filter(room=room, person=OuterRef("pk"), left_at__isnull=True)
        people = people.annotate(in_room=Exists(member))
        order = ["-in_room", *order]
    return [card(one) for one in people.order_by(*order)[:MOST_COMPLETIONS]]


def visible_groups(person: "Person") -> QuerySet[PeopleGroup]:
    """The groups `person` may know of and name: all; of a guest those that they are in. Inside the organisation; lazy."""
    if not person.is_guest:
        return PeopleGroup.objects.all()
    return PeopleGroup.objects.filter(
        Exists(PeopleGroupMember.objects.filter(group=OuterRef("pk"), person=person))
    )


def members_of(person: "Person", group_id: int) -> QuerySet[Any]:
    """The active people of a group whom `person` may know of, by name. Lazy."""
    people = visible_people(person).filter(is_active=True)
    inside = PeopleGroupMember.objects.filter(group=group_id, person=OuterRef("pk"))
    return people.filter(Exists(inside)).order_by(Lower("name"), "pk")


class GroupCard(TypedDict):
    """What completion shows of a group."""

    id: str
    handle: str
    about: str


def complete_groups(person: "Person", query: str) -> list[GroupCard]:
    """The groups with a handle that begins with `query`; at most 5. One query."""
    query = query.strip().lstrip("@")
    if " " in query:
        return []
    found = visible_groups(person).filter(handle__startswith=query.casefold()).order_by("handle")
    return [
        {"id": encode("g", one.pk), "handle": one.handle, "about": one.about} for one in found[:MOST_GROUPS]
    ]


def by_key(people: Collection["Person"]) -> dict[str, Card]:
    """Cards as pages carry them: `{"p3": {…}}`."""
    return {encode("p", person.pk): card(person) for person in people}
