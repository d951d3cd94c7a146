"""Whom a person may know of, and how pages show them.

Everybody but guests sees all people of the organisation. A guest sees the people of the rooms they are in, also those
who left (what they said is still there), and nobody else.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Lower

from accounts.directory import Card, card
from chat.access import rooms_of
from chat.models import Membership, Room
from tenants.ids import encode

if TYPE_CHECKING:
    from accounts.models import Person

MOST_COMPLETIONS = 20
MOST_CARDS = 200


def visible_people(person: "Person") -> QuerySet[Any]:
    """The people `person` may know of, deactivated ones included. Inside the organisation; lazy."""
    people = get_user_model().objects.all()
    if not person.is_guest:
        return people
    sharing = Membership.objects.filter(room__in=rooms_of(person)).values("person_id")
    return people.filter(Q(pk=person.pk) | Q(pk__in=sharing))


def acquaintances(person_id: int) -> set[int] | None:
    """The ids of those whose presence a person may know: None (everybody), for guests who shares a room with them now.

    Inside the organisation; one query, two for a guest.
    """
    person = get_user_model().objects.get(pk=person_id)
    if not person.is_guest:
        return None
    sharing = Membership.objects.filter(room__in=rooms_of(person), left_at__isnull=True)
    return set(sharing.values_list("person_id", flat=True)) | {person_id}


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


def by_key(people: Collection["Person"]) -> dict[str, Card]:
    """Cards as pages carry them: `{"p3": {…}}`."""
    return {encode("p", person.pk): card(person) for person in people}
