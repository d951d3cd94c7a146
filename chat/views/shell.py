"""What every page of the workspace carries around its own content: the sidebar and the cards of its people."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpResponse
from django.middleware.csp import get_nonce
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from accounts.csrf import page_token
from accounts.organisation_settings import organisation_settings
from chat.sidebar import Cards, Sidebar, sidebar_of
from chat.views.lines import sidebar_html
from tenants.ids import decode

# What chat/workspace.html and what it extends show and decide on, for pages that are stencils.
FRAME_FIELDS = (
    "organisation.name",
    "organisation.accent",
    "csrf_token",
    "csp_nonce",
    "people_script",
    "user.pk",
    "groups",
    "build",
    "edit_history",
    "blocked",
    "sidebar",
)
FRAME_CHOICES = ("organisation.accent", "user.is_administrator")
_PERSON = re.compile(r'data-person="p([0-9]{1,18})"')


def page(
    request: Any,
    template: str,
    context: Mapping[str, Any],
    *,
    room_id: int | None = None,
    people: Collection[int] = (),
    status: int = 200,
) -> HttpResponse:
    """A page of the workspace. `room_id` is current in the sidebar; `people` are ids of those whom the page shows."""
    return render(request, template, {**shell(request, room_id, people), **context}, status=status)


def panel(
    request: Any,
    template: str,
    context: Mapping[str, Any],
    *,
    room_id: int | None,
    people: Collection[int] = (),
    status: int = 200,
) -> HttpResponse:
    """A panel beside the timeline: the fragment for htmx, a page of its own for a plain link. Its context has a
    `title`, which is the room's where it has a `room`. `people` are ids of those whom it shows: a page brings their
    cards along, a fragment's are fetched."""
    if request.htmx:
        return render(request, template, context, status=status)
    whole = {**context, "panel_template": template}
    return page(request, "chat/panel_page.html", whole, room_id=room_id, people=people, status=status)


def shell(request: Any, room_id: int | None = None, people: Collection[int] = ()) -> dict[str, Any]:
    """The context of chat/workspace.html. One query, and one for the organisation's settings every few seconds."""
    return around(request, room_id, people)[1]


def around(
    request: Any, room_id: int | None = None, people: Collection[int] = ()
) -> tuple[Sidebar, dict[str, Any]]:
    """The sidebar, for a page that tells more of it, and the context of `shell`. Queries as `shell`."""
    sidebar, cards = sidebar_of(request.user, people)
    token = page_token(request)  # one for the whole page
    return sidebar, {
        "sidebar": sidebar_html(request, sidebar, room_id, token),
        "csrf_token": token,
        "people": cards,
        "people_script": _script(cards),
        "groups": sidebar.groups,
        "blocked": sidebar.blocked,
        "open_room_id": room_id,
        "edit_history": organisation_settings().edit_history,
    }


def only_sidebar(request: Any, room_id: int | None) -> SafeString:
    """The sidebar without a page around it. One query."""
    drawn, _cards = sidebar_of(request.user)
    return sidebar_html(request, drawn, room_id, page_token(request))


def frame(request: Any, context: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """FRAME_FIELDS and FRAME_CHOICES with their values, of the `shell` around a page. No query."""
    organisation = request.organisation
    values = {
        **{name: context[name] for name in FRAME_FIELDS if name in context},
        "organisation.name": organisation.name,
        "organisation.accent": organisation.accent,
        "csp_nonce": str(get_nonce(request)),
        "user.pk": request.user.pk,
        "build": settings.BUILD,
    }
    choices = {
        "organisation.accent": bool(organisation.accent),
        "user.is_administrator": request.user.is_administrator,
    }
    return values, choices


def _script(cards: Cards) -> SafeString:
    """As Django's `json_script`, in a quarter of its time."""
    text = msgspec.json.encode(cards).decode()
    escaped = text.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")
    return mark_safe(f'<script id="people" type="application/json">{escaped}</script>')  # noqa: S308 - nothing ends it


def room_asked_for(request: Any) -> int | None:
    """The room that the page names with `?room=r5`; rubbish is nothing."""
    try:
        return decode("r", request.GET.get("room", ""))
    except ValueError:
        return None


def people_in(fragments: Iterable[str]) -> set[int]:
    """The ids of the people whom messages' fragments name."""
    return {int(number) for fragment in fragments for number in _PERSON.findall(fragment)}
