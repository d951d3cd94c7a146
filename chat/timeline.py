"""Reading a room: windows of its timeline, and what changed since a revision. Stored fragments, not objects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from chat import fragments
from chat.models import Membership, Room
from tenants.prepared import Prepared

WINDOW = 50
MOST_CHANGED = 300


_VISIBLE = "position >= %(first_position)s"


def _stored(name: str, condition: str, order: str, visible: str = _VISIBLE) -> Prepared:
    """Written out, because a page's window is asked for more often than anything else and the ORM took longer to
    compile it than Postgres to answer."""
    statement = f"""
select id, position, revision, author_id, html, html_version from chat_message
where room_id = %(room)s and {visible} and {condition} order by {order} limit %(limit)s
"""  # noqa: S608 - constants only
    return Prepared(name, statement, room="bigint", first_position="bigint", value="bigint", limit="bigint")


_BEFORE = _stored("window_before", "position < %(value)s", "position desc")
_AFTER = _stored("window_after", "position > %(value)s", "position")
# Replies too, which have no position in the room.
_CHANGED = _stored(
    "window_changed",
    "revision > %(value)s",
    "revision desc",
    visible=f"(position is null or {_VISIBLE})",
)
_END = 2**62  # a position after all others


@dataclass(slots=True)
class Row:
    """What a window needs of a message."""

    pk: int
    position: int | None  # None for a reply, of which only changes tell
    revision: int
    author_id: int
    html: str
    html_version: int


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
    rows = _rows(_BEFORE, room, _END, limit + 1)
    return window_of(rows[:limit][::-1], older=len(rows) > limit, newer=False)


def before(room: Room, position: int, limit: int = WINDOW) -> Window:
    """The messages just before `position`. One query."""
    rows = _rows(_BEFORE, room, position, limit + 1)
    return window_of(rows[:limit][::-1], older=len(rows) > limit, newer=True)


def after(room: Room, position: int, limit: int = WINDOW) -> Window:
    """The messages just after `position`. One query."""
    rows = _rows(_AFTER, room, position, limit + 1)
    return window_of(rows[:limit], older=True, newer=len(rows) > limit)


def around(room: Room, position: int, limit: int = WINDOW) -> Window:
    """The messages around `position`, which is among them if it exists. One query: positions have no gaps."""
    first = max(position - limit // 2, room.first_position)
    rows = _rows(_AFTER, room, first - 1, limit)
    window = window_of(rows, older=first > room.first_position, newer=False)
    window.has_newer = bool(rows) and window.last < room.messages
    return window


def changed_since(room: Room, revision: int) -> Changes:
    """Everything with a greater revision, in order of position: any length of absence, one index (DESIGN 1).

    `room` was read before: what commits in between comes again as a frame, and applying it twice changes nothing.
    Three queries at most, of which the last only when people came or went.
    """
    return changed_since_each(room, [revision])[revision]


def changed_since_each(room: Room, revisions: Collection[int]) -> dict[int, Changes]:
    """`changed_since` for many readers of a room who stand at different revisions: still three queries."""
    behind = [revision for revision in revisions if revision < room.head]
    rows, joined, members = _changes_after(room, min(behind)) if behind else ([], 0, None)
    found = {}
    for revision in revisions:
        newer = [row for row in rows if row.revision > revision]
        changes = found[revision] = Changes(head=room.head, messages=room.messages)
        if len(newer) > MOST_CHANGED:
            changes.reset = True
            continue
        changes.fragments = [row.html for row in sorted(newer, key=_in_the_room)]
        changes.room = room.revision > revision
        changes.members = members if joined > revision else None
    return found


def _changes_after(room: Room, revision: int) -> tuple[list[Row], int, int | None]:
    """The newest changed messages, one more than anybody is sent; when people last came or went, and how many are there."""
    rows = _rows(_CHANGED, room, revision, MOST_CHANGED + 1)
    present = Membership.objects.filter(room=room)
    last = (
        present.filter(revision__gt=revision).order_by("-revision").values_list("revision", flat=True).first()
    )
    return rows, last or 0, present.filter(left_at__isnull=True).count() if last else None


def _in_the_room(row: Row) -> tuple[bool, int]:
    """Messages in their order; replies without a place among them after these, in theirs."""
    return row.position is None, row.pk if row.position is None else row.position


def _rows(stored: Prepared, room: Room, value: int, limit: int) -> list[Row]:
    """Visible messages of the room, at most `limit`, by one of the statements above."""
    found = stored.rows(room=room.pk, first_position=room.first_position, value=value, limit=limit)
    rows = [Row(*columns) for columns in found]
    fragments.bring_up_to_date([row for row in rows if row.html_version != fragments.VERSION])
    return rows


def window_of(rows: Sequence[Row], *, older: bool, newer: bool) -> Window:
    """Rows in their order as a window."""
    return Window(
        fragments=[row.html for row in rows],
        author_ids={row.author_id for row in rows},
        first=rows[0].position or 0 if rows else 0,
        last=rows[-1].position or 0 if rows else 0,
        has_older=older,
        has_newer=newer,
    )
