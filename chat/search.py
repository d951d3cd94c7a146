"""Searching the messages that a person may read: only those, because the query starts from their rooms.

Words live in a table of their own with a GIN index (DESIGN 1); chat.text takes the search apart, brings both to one
form and marks what was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q

from chat import fragments
from chat.directory import visible_people
from chat.text.highlighting import highlight
from chat.text.query import parse

if TYPE_CHECKING:
    from accounts.models import Person

MOST_HITS = 20
_MOST_AUTHORS = 100
_MYSELF = "me"


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found; `html` is its fragment with the words marked. A direct message's room has no name."""

    message_id: int
    position: int | None
    author_id: int
    html: str
    room_id: int
    room_kind: str
    room_name: str
    direct_key: str


@dataclass(frozen=True, slots=True)
class Results:
    """Hits, newest first; `next` is the `before` of further ones. Not `understood`: nothing in it to look for."""

    items: list[Hit] = field(default_factory=list)
    next: int | None = None
    understood: bool = True


# Written out: of a search's 8 ms the ORM took three to put it together and to make three objects of each hit. The
# first condition is that of `access.visible_rooms`. Ids first: a word of a thousand messages must not fetch a thousand
# of them to show the newest twenty. Not prepared: whether Postgres reads the index of words or walks back through the
# messages depends on how common the words are.
_VISIBLE = """(room.kind = 'public' and not %(is_guest)s or exists (
    select from chat_membership member
    where member.room_id = room.id and member.person_id = %(person)s and member.left_at is null))"""
_IN = "upper(room.name) in (select upper(name) from unnest(%(in)s::text[]) as name)"
_FOUND = """
with newest as (
    select message_id from chat_messagetext words
    where room_id in (select room.id from chat_room room where {rooms}) {words}
    order by message_id desc limit %(limit)s
)
select message.id, message.position, message.author_id, message.html, message.html_version,
       room.id, room.kind, room.name, coalesce(room.direct_key, '')
from newest
join chat_message message on message.id = newest.message_id
join chat_room room on room.id = message.room_id
order by message.id desc
"""
# What a search may ask for beside the rooms: the name of its value, and the condition.
_CONDITIONS = {
    "words": "words.vector @@ to_tsquery('simple', %(words)s)",
    "authors": "words.author_id = any(%(authors)s)",
    "before": "words.message_id < %(before)s",
}


@dataclass(slots=True)
class _Found:
    """A row of _FOUND."""

    pk: int
    position: int | None
    author_id: int
    html: str
    html_version: int
    room_id: int
    room_kind: str
    room_name: str
    direct_key: str


def search(person: "Person", text: str, before: int | None = None, limit: int = MOST_HITS) -> Results:
    """Find messages by words, "phrases", -without, `from:` a person (or me) and `in:` a room. Never fails.

    Inside the organisation; one query, two with `from:` and three where fragments of an older template are drawn.
    """
    query = parse(text)
    if not (query.tsquery or query.from_ or query.in_) or query.is_empty:
        return Results(understood=False)
    asked: dict[str, Any] = {}
    if query.tsquery:
        asked["words"] = query.tsquery
    if query.from_:
        asked["authors"] = _authors(person, query.from_)
    if before is not None:
        asked["before"] = before
    rows = _find(person, query.in_, asked, limit + 1)
    shown = rows[:limit]
    fragments.bring_up_to_date([row for row in shown if row.html_version != fragments.VERSION])
    return Results(
        items=[_hit(row, query.terms) for row in shown],
        next=shown[-1].pk if len(rows) > limit else None,
    )


def _find(person: "Person", rooms: Sequence[str], asked: dict[str, Any], limit: int) -> list[_Found]:
    """The newest messages in rooms that `person` may read (of these names, if any) that fulfil what is `asked`."""
    words = " ".join(f"and {_CONDITIONS[name]}" for name in asked)
    statement = _FOUND.format(rooms=f"{_VISIBLE} and {_IN}" if rooms else _VISIBLE, words=words)
    reader: dict[str, Any] = {"person": person.pk, "is_guest": person.is_guest, "in": list(rooms)}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**reader, **asked, "limit": limit})
        return [_Found(*columns) for columns in cursor.fetchall()]


def _authors(person: "Person", names: Sequence[str]) -> list[int]:
    """Whom `from:` may mean, among those `person` may know of. E-mail addresses count for administrators only:
    nobody else is shown them, and what can be searched for can be guessed letter by letter.
    """
    wanted = _any_of("name__istartswith", names) | _any_of("name__icontains", [f" {name}" for name in names])
    if person.is_administrator:
        wanted |= _any_of("email__istartswith", names)
    if any(name.casefold() == _MYSELF for name in names):
        wanted |= Q(pk=person.pk)
    return list(visible_people(person).filter(wanted).values_list("pk", flat=True)[:_MOST_AUTHORS])


def _any_of(lookup: str, values: Sequence[str]) -> Q:
    wanted = Q()
    for value in values:
        wanted |= Q(**{lookup: value})
    return wanted


def _hit(row: _Found, terms: Sequence[str]) -> Hit:
    return Hit(
        message_id=row.pk,
        position=row.position,
        author_id=row.author_id,
        html=highlight(row.html, terms),
        room_id=row.room_id,
        room_kind=row.room_kind,
        room_name=row.room_name,
        direct_key=row.direct_key,
    )
