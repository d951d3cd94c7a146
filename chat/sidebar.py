"""The rooms of a person as the sidebar lists them, and what the pages beside it know of people.

One statement brings what stands beside a page: rooms with what is unread in them, the cards of people, and what the
apps above count. Names of direct messages come from their `direct_key`.
"""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from accounts.directory import CARD_COLUMNS, Card, CardRow, card_from
from chat import signals, unread
from chat.directory import by_key
from chat.models import Room, Section
from chat.sections import OF_PERSON
from tenants.ids import encode
from tenants.prepared import Prepared, array

if TYPE_CHECKING:
    from accounts.models import Person

type Cards = dict[str, Card]

_LINES = f"""
select {unread.COLUMNS}, room.kind, room.name, coalesce(room.direct_key, ''),
       date_part('epoch', coalesce(room.last_message_at, room.created_at)), member.favourite, member.muted,
       member.section_id, member.place
from {unread.OPEN_ROOMS}
"""  # noqa: S608 - constants only
_COLUMNS = (
    "id", "unread", "mentions", "read", "turn", "head", "kind", "name", "direct_key", "moved_at", "favourite",
    "muted", "section", "place",
)  # fmt: skip
# JSON, so that several lists of different things come back in one row. The lines by columns: Postgres looks up the type of
# a value once for an aggregate, and for each of an array's each time. A hundred rooms take 0.43 ms so, and took 0.50.
# `{lines}` is _LINES, `{sections}` the query of the person's own, `{counts}` are the queries of `chat.signals.personal_counts`.
_BESIDE = f"""
with line ({", ".join(_COLUMNS)}) as materialized ({{lines}}),
wanted (id) as (
    select unnest(%(people)s)
    union select unnest(string_to_array(line.direct_key, ','))::bigint from line where line.direct_key <> ''
)
select * from (select
    (select json_build_array({", ".join(f"json_agg(line.{name})" for name in _COLUMNS)})::text from line),
    ({{sections}}),
    (select json_agg(json_build_array({CARD_COLUMNS}))::text
     from accounts_person person where person.id in (select wanted.id from wanted)),
    {{counts}}
) beside
"""  # noqa: S608 - constants only


class Line(msgspec.Struct, gc=False):  # nothing in it refers back to it
    """One room in the sidebar: _COLUMNS in their order, and as `people` the cards of a direct message's other people."""

    id: int
    unread: int
    mentions: int
    read: int
    turn: int
    head: int
    kind: str
    name: str
    direct_key: str
    moved_at: float
    favourite: bool
    muted: bool
    section: int | None  # one of the person's own
    place: int
    people: list[Card] = []

    @property
    def key(self) -> str:
        return encode("r", self.id)

    @property
    def is_direct(self) -> bool:
        return self.kind == Room.Kind.DIRECT


class SectionRow(msgspec.Struct, array_like=True):
    """A section that a person made, or what they made of one that everybody has."""

    id: int
    kind: str
    name: str
    closed: bool
    lines: list[Line] = []

    @property
    def key(self) -> str:
        return encode("s", self.id)


_sections = msgspec.json.Decoder(list[SectionRow])
_line_columns = msgspec.json.Decoder(list[list[Any] | None])
_people = msgspec.json.Decoder(list[CardRow])


@dataclass(slots=True)
class Sidebar:
    """What the template draws: rooms by name, direct messages by their last message; what stands among the favourites or
    in one of the person's own sections is in neither. `closed` are kinds of sections that everybody has."""

    favourites: list[Line]
    sections: list[SectionRow]
    closed: frozenset[str]
    rooms: list[Line]
    directs: list[Line]
    notifications: int
    threads: int  # replies not read
    mentions: int  # not read, in rooms and threads
    reply_mentions: int  # of these, those in threads alone
    saved: int  # for later, and not done
    drafts: int
    blocked: str  # whom the person has blocked, `p3,p5`
    may_create: bool
    groups: str  # that the person is in, "g1 g2": for the page, which is drawn beside it


def sidebar_of(person: "Person", also: Collection[int] = ()) -> tuple[Sidebar, Cards]:
    """The sidebar of `person`, and cards: theirs, those of direct messages and of `also` (ids of people whom the page
    shows them). Inside the organisation; one query.
    """
    lines, sections, cards, counts = _beside(person, also)
    _name_directs(lines, person, cards)
    own = [section for section in sections if section.kind == Section.Kind.OWN]
    known = {section.id: section for section in own}
    placed: list[Line] = []
    rooms: list[Line] = []
    directs: list[Line] = []
    for line in lines:
        if line.favourite or line.section in known:
            placed.append(line)
        else:
            (directs if line.direct_key else rooms).append(line)
    placed.sort(key=lambda line: (line.place, line.id))
    for line in placed:
        if line.section in known and not line.favourite:
            known[line.section].lines.append(line)
    rooms.sort(key=lambda line: line.name.casefold())
    directs.sort(key=lambda line: -line.moved_at)
    sidebar = Sidebar(
        favourites=[line for line in placed if line.favourite],
        sections=own,
        closed=frozenset(section.kind for section in sections if section.closed),
        rooms=rooms,
        directs=directs,
        notifications=counts.get("notifications", 0),
        threads=counts.get("threads", 0),
        mentions=sum(line.mentions for line in lines) + counts.get("reply_mentions", 0),
        reply_mentions=counts.get("reply_mentions", 0),
        saved=counts.get("saved", 0),
        drafts=counts.get("drafts", 0),
        blocked=counts.get("blocked", ""),
        may_create=not person.is_guest,
        groups=counts.get("groups", ""),
    )
    return sidebar, cards


def lines_of(person: "Person") -> list[Line]:
    """The person's open rooms, in no order. Inside the organisation; one query."""
    lines, _own, cards, _counts = _beside(person, ())
    _name_directs(lines, person, cards)
    return lines


def _beside(
    person: "Person", also: Collection[int]
) -> tuple[list[Line], list[SectionRow], Cards, dict[str, Any]]:
    """The person's lines, direct ones without names yet; their sections; cards; and the apps' counts by name."""
    statement, names = _statement()
    ((lines, sections, people, *counted),) = statement.rows(
        person=person.pk, people=array([person.pk, *also])
    )
    cards = [card_from(row) for row in _people.decode(people or "[]")]
    return (
        list(map(Line, *(column or [] for column in _line_columns.decode(lines)))),
        _sections.decode(sections or "[]"),
        {card["id"]: card for card in cards},
        dict(zip(names, counted, strict=False)),
    )


@functools.cache
def _statement() -> tuple[Prepared, tuple[str, ...]]:
    """_BESIDE, and the names of the apps' counts, which are known when all apps are."""
    queries = signals.counting()
    counts = ", ".join(f"({query})" for query in queries.values()) or "null"
    statement = _BESIDE.format(lines=_LINES, sections=OF_PERSON, counts=counts)
    return Prepared("beside", statement, person="bigint", people="bigint[]"), tuple(queries)


def _name_directs(lines: Collection[Line], person: "Person", cards: Cards) -> None:
    for line in lines:
        if line.direct_key:
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
