"""What every page of the workspace carries around its own content: the sidebar and the cards of its people."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from chat.sidebar import sidebar_of
from chat.views.lines import sidebar_html
from tenants.ids import decode

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
    """The context of chat/workspace.html. One query."""
    sidebar, cards = sidebar_of(request.user, people)
    return {
        "sidebar": sidebar_html(request, sidebar, room_id),
        "people": cards,
        "open_room_id": room_id,
    }


def room_asked_for(request: Any) -> int | None:
    """The room that the page names with `?room=r5`; rubbish is nothing."""
    try:
        return decode("r", request.GET.get("room", ""))
    except ValueError:
        return None


def people_in(fragments: Iterable[str]) -> set[int]:
    """The ids of the people whom messages' fragments name."""
    return {int(number) for fragment in fragments for number in _PERSON.findall(fragment)}
