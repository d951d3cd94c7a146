"""The sidebar and its lines, as HTML: filled into the stencils that their templates draw."""

from collections.abc import Collection, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.looks import hue, initials
from chat.models import Room, Section
from chat.sidebar import Line, Sidebar
from chat.views.stencils import Stencil

if TYPE_CHECKING:
    from accounts.models import Person

_PRIVATE = str(Room.Kind.PRIVATE)
_COUNTS = ("key", "unread", "mentions", "read", "turn", "head", "name")
_sidebar = Stencil(
    "chat/sidebar.html",
    fields=(
        "organisation",
        "person",
        "role",
        "initials",
        "hue",
        "picture",
        "csrf_token",
        "notifications",
        "threads",
        "mentions",
        "reply_mentions",
        "saved",
        "drafts",
        "own_sections",
        "room_lines",
        "direct_lines",
    ),
    choices=(
        "is_administrator",
        "is_guest",
        "may_create",
        "has_picture",
        "has_notifications",
        "has_threads",
        "has_mentions",
        "has_saved",
        "has_drafts",
        "has_rooms",
        "is_rooms_closed",
        "is_directs_closed",
        "has_directs",
        "place",
    ),
)
_section = Stencil(
    "chat/sidebar_lines.html#section",
    fields=("key", "name", "lines"),
    choices=("is_closed", "is_own", "has_lines"),
)
_room = Stencil(
    "chat/sidebar_lines.html#room",
    fields=_COUNTS,
    choices=("is_private", "is_unread", "is_mentioned", "is_current", "is_muted"),
)
_direct = Stencil(
    "chat/sidebar_lines.html#direct",
    fields=(*_COUNTS, "people", "person", "initials", "hue", "picture"),
    choices=("is_group", "is_oneself", "has_picture", "is_unread", "is_current", "is_muted"),
)


_PLACES = (
    "notifications",
    "threads",
    "mentions",
    "saved",
    "drafts",
    "catch_up",
    "rooms",
)  # pages, by the name of their URL, that have a line of their own


_WITHIN = {"reminders": "saved", "scheduled": "drafts"}  # pages that belong to another's line


def sidebar_html(request: Any, sidebar: Sidebar, open_room_id: int | None, csrf_token: str) -> SafeString:
    """The whole sidebar, with the line of the page itself marked."""
    person, place = request.user, request.resolver_match.url_name
    place = _WITHIN.get(place, place)
    sections = section_blocks(sidebar, person, open_room_id)
    rooms = room_lines(sidebar.rooms, open_room_id)
    directs = direct_lines(sidebar.directs, person, open_room_id)
    values = {
        "organisation": request.organisation.name,
        "person": person.name,
        "role": person.role_label,
        "initials": person.initials,
        "hue": person.hue,
        "picture": person.picture_url,
        "csrf_token": csrf_token,
        "notifications": sidebar.notifications,
        "threads": sidebar.threads,
        "mentions": sidebar.mentions,
        "reply_mentions": sidebar.reply_mentions,
        "saved": sidebar.saved,
        "drafts": sidebar.drafts,
        "own_sections": sections,
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
        "has_mentions": sidebar.mentions > 0,
        "has_saved": sidebar.saved > 0,
        "has_drafts": sidebar.drafts > 0,
        "has_rooms": bool(rooms) or bool(sections),
        "is_rooms_closed": Section.Kind.ROOMS in sidebar.closed,
        "is_directs_closed": Section.Kind.DIRECTS in sidebar.closed,
        "has_directs": bool(directs),
        "place": place if place in _PLACES else "",
    }
    return _sidebar.fill_one(values, choices)


def room_lines(lines: Collection[Line], open_room_id: int | None) -> SafeString:
    """The lines of rooms, `open_room_id` marked as the current one."""
    if not lines:
        return SafeString()
    names = escape("\0".join([line.name for line in lines])).split("\0")  # no name has a zero in it
    return _room.fill_escaped(
        [
            (
                # All but the name are numbers, or made of one.
                (line.key, line.unread, line.mentions, line.read, line.turn, line.head, name),
                (
                    line.kind == _PRIVATE,
                    line.unread > 0 and not line.muted,
                    line.mentions > 0,
                    line.id == open_room_id,
                    line.muted,
                ),
            )
            for line, name in zip(lines, names, strict=True)
        ]
    )


def section_blocks(sidebar: Sidebar, person: "Person", open_room_id: int | None) -> SafeString:
    """Favourites, where there are any, and the person's own sections."""
    if not sidebar.favourites and not sidebar.sections:
        return SafeString()
    kind = str(Section.Kind.FAVOURITES)
    own = [(one.key, one.name, one.lines, one.closed, True) for one in sidebar.sections]
    favourites = [(kind, _("Favourites"), sidebar.favourites, kind in sidebar.closed, False)]
    return _section.fill(
        (
            (key, name, mixed_lines(lines, person, open_room_id)),
            (closed, is_own, bool(lines)),
        )
        for key, name, lines, closed, is_own in (favourites if sidebar.favourites else []) + own
    )


def mixed_lines(lines: Iterable[Line], person: "Person", open_room_id: int | None) -> SafeString:
    """Lines of rooms and direct messages, in their order."""
    return SafeString(
        "".join(
            direct_lines([line], person, open_room_id) if line.is_direct else room_lines([line], open_room_id)
            for line in lines
        )
    )


def direct_lines(lines: Collection[Line], person: "Person", open_room_id: int | None) -> SafeString:
    """The lines of direct messages as `person` has them."""
    return _direct.fill(_direct_line(line, person, open_room_id) for line in lines) if lines else SafeString()


def _direct_line(
    line: Line, person: "Person", open_room_id: int | None
) -> tuple[tuple[object, ...], tuple[object, ...]]:
    other = line.people[0] if len(line.people) == 1 else None
    shown = (
        (other["id"], other["initials"], other["hue"], other["picture"])
        if other
        else ("", initials(person.name), hue(person.pk, person.name), "")
    )
    return (*_counts(line), len(line.people), *shown), (
        len(line.people) > 1,
        not line.people,
        bool(shown[-1]),
        line.unread > 0 and not line.muted,
        line.id == open_room_id,
        line.muted,
    )


def _counts(line: Line) -> tuple[object, ...]:
    return line.key, line.unread, line.mentions, line.read, line.turn, line.head, line.name
