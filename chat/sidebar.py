"""The rooms of a person as the sidebar lists them, and what the pages beside it know of people.

One statement brings what stands beside a page: rooms with what is unread in them, the cards of people, and what the
apps above count. Names of direct messages come from their `direct_key`.
"""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from accounts.directory import CARD_COLUMNS, Card, CardRow, card_from
from chat import signals, unread
from chat.directory import by_key
from chat.models import Room
from tenants.ids import encode
from tenants.prepared import Prepared, array

if TYPE_CHECKING:
    from accounts.models import Person

type Cards = dict[str, Card]

_LINES = f"""
select {unread.COLUMNS}, room.kind, room.name, coalesce(room.direct_key, ''),
       extract(epoch from coalesce(room.last_message_at, room.created_at))::float8
from {unread.OPEN_ROOMS}
"""  # noqa: S608 - constants only
# Rows as JSON arrays: several lists of different things come back in one row. `{lines}` is _LINES, `{counts}` are
# the queries of `chat.signals.personal_counts`.
_BESIDE = f"""
with line (id, unread, mentions, read, messages, kind, name, direct_key, moved_at) as materialized ({{lines}}),
wanted (id) as (
    select unnest(%(people)s)
    union select unnest(string_to_array(line.direct_key, ','))::bigint from line
)
select
    (select json_agg(json_build_array(line.id, line.unread, line.mentions, line.read, line.messages, line.kind,
                                      line.name, line.direct_key, line.moved_at))::text from line),
    (select json_agg(json_build_array({CARD_COLUMNS}))::text
     from accounts_person person where person.id in (select wanted.id from wanted)),
    {{counts}}
"""  # noqa: S608 - constants only


class Line(msgspec.Struct, array_like=True):
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
    people: list[Card] = []

    @property
    def key(self) -> str:
        return encode("r", self.id)

    @property
    def is_direct(self) -> bool:
        return self.kind == Room.Kind.DIRECT


_lines = msgspec.json.Decoder(list[Line])
_people = msgspec.json.Decoder(list[CardRow])


@dataclass(slots=True)
class Sidebar:
    """What the template draws: rooms by name, direct messages by their last message."""

    rooms: list[Line]
    directs: list[Line]
    notifications: int
    threads: int  # replies not read
    may_create: bool


def sidebar_of(person: "Person", also: Collection[int] = ()) -> tuple[Sidebar, Cards]:
    """The sidebar of `person`, and cards: theirs, those of direct messages and of `also` (ids of people whom the page
    shows them). Inside the organisation; one query.
    """
    lines, cards, counts = _beside(person, also)
    _name_directs(lines, person, cards)
    sidebar = Sidebar(
        rooms=sorted((line for line in lines if not line.is_direct), key=lambda line: line.name.casefold()),
        directs=sorted((line for line in lines if line.is_direct), key=lambda line: -line.moved_at),
        notifications=counts.get("notifications", 0),
        threads=counts.get("threads", 0),
        may_create=not person.is_guest,
    )
    return sidebar, cards


def lines_of(person: "Person") -> list[Line]:
    """The person's open rooms, in no order. Inside the organisation; one query."""
    lines, cards, _counts = _beside(person, ())
    _name_directs(lines, person, cards)
    return lines


def _beside(person: "Person", also: Collection[int]) -> tuple[list[Line], Cards, dict[str, int]]:
    """The person's lines, direct ones without names yet; cards; and the apps' counts by name."""
    statement, names = _statement()
    ((lines, people, *counted),) = statement.rows(person=person.pk, people=array([person.pk, *also]))
    cards = [card_from(row) for row in _people.decode(people or "[]")]
    return (
        _lines.decode(lines or "[]"),
        {card["id"]: card for card in cards},
        dict(zip(names, counted, strict=False)),
    )


@functools.cache
def _statement() -> tuple[Prepared, tuple[str, ...]]:
    """_BESIDE, and the names of the apps' counts, which are known when all apps are."""
    queries = signals.counting()
    counts = ", ".join(f"({query})" for query in queries.values()) or "null"
    statement = _BESIDE.format(lines=_LINES, counts=counts)
    return Prepared("beside", statement, person="bigint", people="bigint[]"), tuple(queries)


def _name_directs(lines: Collection[Line], person: "Person", cards: Cards) -> None:
    for line in lines:
        if line.is_direct:
            line.people = others(line.direct_key, person, cards)
            line.name = direct_title(line.direct_key, person, cards)


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
