"""A room's page, filled into its stencil: drawing its template anew took a third of the page's time (1.1 of 3.2 ms)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.defaultfilters import linebreaksbr
from django.utils.safestring import SafeString

from chat import timeline
from chat.models import Room
from chat.places import Place
from chat.sidebar import Cards, direct_title, others
from chat.views.shell import FRAME_CHOICES, FRAME_FIELDS, frame
from chat.views.stencils import PageStencil

_URLS = ("room", "messages", "read", "room_details", "memberships", "membership", "pins", "files")
_SHOWN = ("pk", "head", "messages", "first_position", "topic", "pins", "slow_seconds")  # of the room
_page = PageStencil(
    "chat/room.html",
    fields=(
        *FRAME_FIELDS,
        *(f"room.{name}" for name in _SHOWN),
        *(f"urls.{name}" for name in _URLS),
        "title",
        "description",
        "organisation.epoch",
        "read_position",
        "unread_turn",
        "window.first",
        "window.last",
        "window.html",
        "highlight",
        "thread",
        "seen",
        "members_count",
        "largest_file",
        "rules",
        "place.waits",
        "other",
        "blocked_person.id",
        "blocked_person.name",
        "may_administer",
        "may_pin",
        "may_add",
    ),
    choices=(
        *FRAME_CHOICES,
        "room.kind",
        "room.is_direct",
        "room.is_archived",
        "window.has_older",
        "window.has_newer",
        "is_member",
        "may_post",
        "may_join",
        "is_cut",
        "has_description",
        "has_pins",
        "has_seen",
        "has_other",
        "has_blocked",
        "welcome",
        "adds_people",
        "place.administers",
        "place.is_muzzled",
    ),
)
_FEW = 3  # people, in a room that could do with more


@dataclass(frozen=True, slots=True)
class Opened:
    """A room as it is opened: with a window of its messages, the one to lead to and that of whose thread to open ("m12", or
    nothing), and its addresses by the names of their URLs."""

    place: Place
    window: timeline.Window
    highlight: str
    thread: str
    urls: Mapping[str, str]


def room_page(request: Any, opened: Opened, around: Mapping[str, Any]) -> bytes:
    """The page, with the `shell` around it. No query."""
    place, window, room = opened.place, opened.window, opened.place.room
    named = names(place, around["people"])
    other = named["others"][0] if len(named["others"]) == 1 else None
    blocked = other if room.is_direct and other and other["id"] in around["blocked"].split(",") else None
    may_post = place.may_post and not blocked
    administers = place.administers
    values, choices = frame(request, around)
    values |= {f"room.{name}": getattr(room, name) for name in _SHOWN}
    values |= {f"urls.{name}": opened.urls[name] for name in _URLS}
    values |= {
        "title": named["title"],
        "description": linebreaksbr(room.description) if room.description else "",
        "organisation.epoch": str(request.organisation.epoch),
        "read_position": place.read_position,
        "unread_turn": place.unread_turn,
        "window.first": window.first,
        "window.last": window.last,
        "window.html": SafeString(window.html),  # fragments, sanitised by chat.text
        "highlight": opened.highlight,
        "thread": opened.thread,
        "seen": json.dumps(place.seen.fields()) if place.seen else "",
        "members_count": place.members_count,
        "largest_file": settings.LARGEST_FILE,
        "rules": f"{_word(room.announcements)} {_word(room.open_replies)}",
        "place.waits": place.waits,
        "other": other["id"] if other else "",
        "blocked_person.id": blocked["id"] if blocked else "",
        "blocked_person.name": blocked["name"] if blocked else "",
        "may_administer": _flag(request.user.is_administrator),
        "may_pin": _flag(place.may_post and not request.user.is_guest),
        "may_add": _flag(place.may_add),
    }
    choices |= {
        "room.kind": str(room.kind),
        "room.is_direct": room.is_direct,
        "room.is_archived": room.is_archived,
        "window.has_older": window.has_older,
        "window.has_newer": window.has_newer,
        "is_member": place.is_member,
        "may_post": may_post,
        "may_join": place.may_join,
        "is_cut": room.first_position > 1,
        "has_description": bool(room.description),
        "has_pins": bool(room.pins),
        "has_seen": bool(place.seen),
        "has_other": other is not None,
        "has_blocked": blocked is not None,
        "welcome": room.is_default and not room.messages and request.user.is_administrator,
        "adds_people": room.kind == Room.Kind.PRIVATE or place.members_count < _FEW,
        "place.administers": administers,
        "place.is_muzzled": place.is_muzzled,
    }
    return _page.fill(values, choices)


def names(place: Place, cards: Cards) -> dict[str, Any]:
    """How the room is called for this person, and who else is in a direct message."""
    key = place.room.direct_key or ""
    if not key:
        return {"title": place.room.name, "others": []}
    return {"title": direct_title(key, place.person, cards), "others": others(key, place.person, cards)}


def _flag(yes: bool) -> str:
    return "1" if yes else ""


def _word(yes: bool) -> str:
    return "true" if yes else "false"
