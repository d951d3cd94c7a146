"""What a person's page shows beside its room, for all whose sockets come back at a time. Inside the organisation."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import Person
from accounts.sessions import still_valid
from chat import receipts, signals, unread
from chat.directory import acquaintances_of
from chat.models import Membership
from chat.unread_counts import RoomUnread


@dataclass(frozen=True, slots=True)
class PersonalState:
    """`fields` are the frame's; `rooms` those whose activity is heard; `acquaintances` bounds whom a guest sees.
    Who appears `away` counts as one without a page."""

    fields: dict[str, Any]
    rooms: frozenset[int]
    acquaintances: set[int] | None
    away: bool


def rooms_to_hear_of(person_ids: Sequence[int]) -> list[frozenset[int]]:
    """For each person the rooms whose activity their badges follow. One query."""
    rooms: defaultdict[int, set[int]] = defaultdict(set)
    present = Membership.objects.filter(person_id__in=person_ids, left_at__isnull=True)
    for person_id, room_id in present.values_list("person_id", "room_id"):
        rooms[person_id].add(room_id)
    return [frozenset(rooms[person_id]) for person_id in person_ids]


def personal_states(visitors: Sequence[tuple[int, str]]) -> list[PersonalState | None]:
    """For each (person id, session key) their state; None where the session ended.

    Two queries, and two for each person, three for guests. All that a state counts is of one moment.
    """
    valid = still_valid(visitors)
    rooms = rooms_to_hear_of([person_id for person_id, _ in visitors])
    return [
        _state(visitor[0], theirs) if visitor in valid else None
        for visitor, theirs in zip(visitors, rooms, strict=True)
    ]


def _state(person_id: int, rooms: frozenset[int]) -> PersonalState:
    fields = signals.personal_fields(person_id, {"rooms": unread.LISTED})
    fields["rooms"] = [RoomUnread(*row).fields() for row in fields["rooms"]]
    person = Person.objects.get(pk=person_id)
    fields["receipts"] = receipts.shown_to(person)
    return PersonalState(fields, rooms, acquaintances_of(person), person.appears_away)
