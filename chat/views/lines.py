"""The sidebar and its lines, as HTML: filled into the stencils that their templates draw."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.template.backends.utils import csrf_input
from django.utils.safestring import SafeString

from accounts.looks import hue, initials
from chat.models import Room
from chat.sidebar import Line, Sidebar
from chat.views.stencils import Stencil

if TYPE_CHECKING:
    from accounts.models import Person

_COUNTS = ("key", "unread", "mentions", "read", "messages", "name")
_sidebar = Stencil(
    "chat/sidebar.html",
    "organisation",
    "person",
    "role",
    "initials",
    "hue",
    "picture",
    "csrf_input",
    "notifications",
    "threads",
    "room_lines",
    "direct_lines",
)
_room = Stencil("chat/sidebar_lines.html#room", *_COUNTS)
_direct = Stencil(
    "chat/sidebar_lines.html#direct", *_COUNTS, "people", "person", "initials", "hue", "picture"
)


_PLACES = (
    "notifications",
    "threads",
    "rooms",
)  # pages, by the name of their URL, that have a line of their own


def sidebar_html(request: Any, sidebar: Sidebar, open_room_id: int | None) -> SafeString:
    """The whole sidebar, with the line of the page itself marked."""
    person, place = request.user, request.resolver_match.url_name
    rooms = room_lines(sidebar.rooms, open_room_id)
    directs = direct_lines(sidebar.directs, person, open_room_id)
    values = {
        "organisation": request.organisation.name,
        "person": person.name,
        "role": person.get_role_display(),
        "initials": person.initials,
        "hue": person.hue,
        "picture": person.picture_url,
        "csrf_input": csrf_input(request),
        "notifications": sidebar.notifications,
        "threads": sidebar.threads,
        "room_lines": rooms,
        "direct_lines": directs,
    }
    choices = {
        "is_administrator": person.is_administrator,
        "is_guest": person.is_guest,
        "may_create": sidebar.may_create,
        "has_picture": bool(values["picture"]),
        "has_notifications": sidebar.notifications > 0,
        "has_threads": sidebar.threads > 0,
        "has_rooms": bool(rooms),
        "has_directs": bool(directs),
        "place": place if place in _PLACES else "",
    }
    return _sidebar.fill([(values, choices)])


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
