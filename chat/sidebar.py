"""The rooms of a person as the sidebar lists them, and what the pages beside it know of people.

The query asks for everything at once: rooms, unread messages and mentions. Names of direct messages come from their
`direct_key`, so the same one query that brings the page's authors brings their people.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.translation import gettext as _

from accounts.directory import Card
from chat import signals, unread
from chat.directory import by_key
from chat.models import Room
from tenants.ids import encode

if TYPE_CHECKING:
    from accounts.models import Person

type Cards = dict[str, Card]

_LINES = f"""
select {unread.COLUMNS}, room.kind, room.name, coalesce(room.direct_key, ''),
       extract(epoch from coalesce(room.last_message_at, room.created_at))::float8
from {unread.OPEN_ROOMS}
"""  # noqa: S608 - constants only


@dataclass(slots=True)
class Line:
    """One room in the sidebar. `people` are the cards of a direct message's other people."""

    id: int
    unread: int
    mentions: int
    read: int
    messages: int
    kind: str
    name: str
    direct_key: str
    moved_at: float
    people: list[Card] = field(default_factory=list)

    @property
    def key(self) -> str:
        return encode("r", self.id)

    @property
    def is_direct(self) -> bool:
        return self.kind == Room.Kind.DIRECT


@dataclass(slots=True)
class Sidebar:
    """What the template draws: rooms by name, direct messages by their last message."""

    rooms: list[Line]
    directs: list[Line]
    notifications: int
    may_create: bool


def sidebar_of(person: "Person", also: Collection[int] = ()) -> tuple[Sidebar, Cards]:
    """The sidebar of `person`, and cards: theirs, those of direct messages and of `also` (ids of people whom the page
    shows them). Inside the organisation; two queries beside those of the receivers of `personal_state`.
    """
    lines = lines_of(person)
    wanted = {person.pk, *also}.union(*(people_of(line.direct_key) for line in lines))
    cards = cards_of(wanted)
    for line in lines:
        if line.is_direct:
            line.people = others(line.direct_key, person, cards)
            line.name = direct_title(line.direct_key, person, cards)
    state: dict[str, Any] = {}
    told: Sequence[tuple[Any, Any]] = signals.personal_state.send(sender=None, person_id=person.pk)
    for _receiver, fields in told:
        state |= fields
    sidebar = Sidebar(
        rooms=sorted((line for line in lines if not line.is_direct), key=lambda line: line.name.casefold()),
        directs=sorted((line for line in lines if line.is_direct), key=lambda line: -line.moved_at),
        notifications=state.get("notifications", 0),
        may_create=not person.is_guest,
    )
    return sidebar, cards


def lines_of(person: "Person") -> list[Line]:
    """The person's open rooms, in no order; direct ones without names yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [person.pk])
        return [Line(*row) for row in cursor.fetchall()]


def cards_of(person_ids: Collection[int]) -> Cards:
    """The cards of people whom the reader is known to see. One query."""
    return by_key(get_user_model().objects.filter(pk__in=person_ids))


def people_of(direct_key: str) -> list[int]:
    """The ids of a direct message's people, oneself included."""
    return [int(number) for number in direct_key.split(",")] if direct_key else []


def others(direct_key: str, person: "Person", cards: Mapping[str, Card]) -> list[Card]:
    """The cards of the others in a direct message, by name."""
    keys = (encode("p", one) for one in people_of(direct_key) if one != person.pk)
    return sorted((cards[key] for key in keys if key in cards), key=lambda card: card["name"].casefold())


def direct_title(direct_key: str, person: "Person", cards: Mapping[str, Card]) -> str:
    """What a direct message is called for `person`: the others' names, or one's own for notes to oneself."""
    names = [card["name"] for card in others(direct_key, person, cards)]
    return ", ".join(names) or _("%s (you)") % person.name
