"""Searching the messages that a person may read: only those, because the query starts from their rooms.

Words live in a table of their own with a GIN index (DESIGN 1); chat.text takes the search apart, brings both to one
form and marks what was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchQuery as TextSearch
from django.db.models import Q

from chat import fragments
from chat.access import visible_rooms
from chat.directory import visible_people
from chat.models import MessageText
from chat.text.highlighting import highlight
from chat.text.query import SearchQuery, parse

if TYPE_CHECKING:
    from accounts.models import Person

MOST_HITS = 20
_MOST_AUTHORS = 100
_MYSELF = "me"


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found; `html` is its fragment with the words marked. A direct message's room has no name."""

    message_id: int
    position: int
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


def search(person: "Person", text: str, before: int | None = None, limit: int = MOST_HITS) -> Results:
    """Find messages by words, "phrases", -without, `from:` a person (or me) and `in:` a room. Never fails.

    Inside the organisation; one query, two with `from:` and three where fragments of an older template are drawn.
    """
    query = parse(text)
    if not (query.tsquery or query.from_ or query.in_) or query.is_empty:
        return Results(understood=False)
    rooms = visible_rooms(person)
    if query.in_:
        rooms = rooms.filter(_any_of("name__iexact", query.in_))
    found = MessageText.objects.filter(room__in=rooms)
    if query.from_:
        found = found.filter(author_id__in=_authors(person, query.from_))
    if query.tsquery:
        found = found.filter(vector=TextSearch(query.tsquery, config="simple", search_type="raw"))
    if before is not None:
        found = found.filter(message_id__lt=before)
    # Ids first: a word of a thousand messages must not fetch a thousand of them to show the newest twenty.
    newest = found.order_by("-message_id").values("message_id")[: limit + 1]
    rows = list(
        MessageText.objects.filter(message_id__in=newest)
        .select_related("message", "room")
        .defer("vector", "message__text")
        .order_by("-message_id")
    )
    shown = rows[:limit]
    fragments.bring_up_to_date(
        [row.message for row in shown if row.message.html_version != fragments.VERSION]
    )
    return Results(
        items=[_hit(row, query) for row in shown],
        next=shown[-1].message_id if len(rows) > limit else None,
    )


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


def _hit(row: MessageText, query: SearchQuery) -> Hit:
    return Hit(
        message_id=row.message_id,
        position=row.message.position,
        author_id=row.author_id,
        html=highlight(row.message.html, query.terms),
        room_id=row.room_id,
        room_kind=row.room.kind,
        room_name=row.room.name,
        direct_key=row.room.direct_key or "",
    )
