"""The sidebar's lines, as HTML: filled into the stencils that templates/chat/sidebar_lines.html draws."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from accounts.looks import hue, initials
from chat.models import Room
from chat.sidebar import Line
from chat.views.stencils import Stencil

if TYPE_CHECKING:
    from accounts.models import Person

_COUNTS = ("key", "unread", "mentions", "read", "messages", "name")
_room = Stencil("chat/sidebar_lines.html#room", *_COUNTS)
_direct = Stencil(
    "chat/sidebar_lines.html#direct", *_COUNTS, "people", "person", "initials", "hue", "picture"
)


def room_lines(lines: Iterable[Line], open_room_id: int | None) -> SafeString:
    """The lines of rooms, `open_room_id` marked as the current one."""
    return _room.fill(
        (
            _counts(line),
            {
                "is_private": line.kind == Room.Kind.PRIVATE,
                "is_unread": line.unread > 0,
                "is_mentioned": line.mentions > 0,
                "is_current": line.id == open_room_id,
            },
        )
        for line in lines
    )


def direct_lines(lines: Iterable[Line], person: "Person", open_room_id: int | None) -> SafeString:
    """The lines of direct messages as `person` has them."""
    return _direct.fill(_direct_line(line, person, open_room_id) for line in lines)


def _direct_line(
    line: Line, person: "Person", open_room_id: int | None
) -> tuple[dict[str, object], dict[str, object]]:
    other = line.people[0] if len(line.people) == 1 else None
    looks = {
        "people": len(line.people),
        "person": other["id"] if other else "",
        "initials": other["initials"] if other else initials(person.name),
        "hue": other["hue"] if other else hue(person.pk, person.name),
        "picture": other["picture"] if other else "",
    }
    return _counts(line) | looks, {
        "is_group": len(line.people) > 1,
        "is_oneself": not line.people,
        "has_picture": bool(looks["picture"]),
        "is_unread": line.unread > 0,
        "is_current": line.id == open_room_id,
    }


def _counts(line: Line) -> dict[str, object]:
    return {
        "key": line.key,
        "unread": line.unread,
        "mentions": line.mentions,
        "read": line.read,
        "messages": line.messages,
        "name": line.name,
    }
