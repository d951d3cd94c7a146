"""Reading a room: windows of its timeline, and what changed since a revision. Stored fragments, not objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from chat import fragments
from chat.models import Membership, Message, Room

WINDOW = 50
MOST_CHANGED = 300


@dataclass(slots=True)
class Window:
    """Consecutive messages of a room, oldest first, as stored fragments."""

    fragments: list[str] = field(default_factory=list)
    author_ids: set[int] = field(default_factory=set)
    first: int = 0  # positions; 0 where there are no messages
    last: int = 0
    has_older: bool = False
    has_newer: bool = False

    @property
    def html(self) -> str:
        return "".join(self.fragments)


@dataclass(slots=True)
class Changes:
    """What changed in a room after a revision, up to `head`; None of the parts when it was too much (`reset`)."""

    head: int
    messages: int
    fragments: list[str] = field(default_factory=list)
    room: bool = False
    members: int | None = None
    reset: bool = False

    @property
    def count(self) -> int:
        return len(self.fragments)


def newest(room: Room, limit: int = WINDOW) -> Window:
    """The newest messages. One query."""
    rows = _rows(_visible(room).order_by("-position")[: limit + 1])
    return _window(room, rows[:limit][::-1], older=len(rows) > limit, newer=False)


def before(room: Room, position: int, limit: int = WINDOW) -> Window:
    """The messages just before `position`. One query."""
    rows = _rows(_visible(room).filter(position__lt=position).order_by("-position")[: limit + 1])
    return _window(room, rows[:limit][::-1], older=len(rows) > limit, newer=True)


def after(room: Room, position: int, limit: int = WINDOW) -> Window:
    """The messages just after `position`. One query."""
    rows = _rows(_visible(room).filter(position__gt=position).order_by("position")[: limit + 1])
    return _window(room, rows[:limit], older=True, newer=len(rows) > limit)


def around(room: Room, position: int, limit: int = WINDOW) -> Window:
    """The messages around `position`, which is among them if it exists. One query: positions have no gaps."""
    first = max(position - limit // 2, room.first_position)
    rows = _rows(_visible(room).filter(position__gte=first, position__lt=first + limit).order_by("position"))
    window = _window(room, rows, older=first > room.first_position, newer=False)
    window.has_newer = bool(rows) and window.last < room.messages
    return window


def changed_since(room: Room, revision: int) -> Changes:
    """Everything with a greater revision, in order of position: any length of absence, one index (DESIGN 1).

    `room` was read before: what commits in between comes again as a frame, and applying it twice changes nothing.
    Three queries at most, of which the last two only when details or people changed.
    """
    changes = Changes(head=room.head, messages=room.messages)
    if revision >= room.head:
        return changes
    rows = _rows(_visible(room).filter(revision__gt=revision).order_by("revision")[: MOST_CHANGED + 1])
    if len(rows) > MOST_CHANGED:
        changes.reset = True
        return changes
    changes.fragments = [row.html for row in sorted(rows, key=lambda row: row.position)]
    changes.room = room.revision > revision
    present = Membership.objects.filter(room=room)
    if present.filter(revision__gt=revision).exists():
        changes.members = present.filter(left_at__isnull=True).count()
    return changes


def _visible(room: Room) -> QuerySet[Message]:
    return Message.objects.filter(room=room, position__gte=room.first_position)


def _rows(query: QuerySet[Message]) -> list[Message]:
    rows = list(query.only("position", "author_id", "html", "html_version"))
    fragments.bring_up_to_date([row for row in rows if row.html_version != fragments.VERSION])
    return rows


def _window(room: Room, rows: Sequence[Message], *, older: bool, newer: bool) -> Window:
    return Window(
        fragments=[row.html for row in rows],
        author_ids={row.author_id for row in rows},
        first=rows[0].position if rows else 0,
        last=rows[-1].position if rows else 0,
        has_older=older,
        has_newer=newer,
    )
