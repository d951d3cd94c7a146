"""Catching up: what a person has not read, one room or thread after another."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat import followed, threads, timeline
from chat.places import place_for
from chat.sidebar import Line, Sidebar, cards_of, direct_title, people_of
from chat.views import answers
from chat.views.room_page import names
from chat.views.shell import around
from tenants.ids import encode


@require_safe
@member_required
@answers.answering
def catch_up(request: Any) -> HttpResponse:
    """All that is unread, in the order in which one goes through it: direct messages, rooms that mention one, threads,
    other rooms. The page fetches each when its turn comes. Two queries."""
    unread = [one for one in followed.threads_of(request.user)[0] if one.unread]
    people = {person_id for one in unread for person_id in people_of(one.direct_key)}
    sidebar, context = around(request, None, people)
    cards = context["people"]
    entries = [
        {
            "url": reverse("thread_unread", args=[one.room_id, one.pk]),
            "link": f"{reverse('room', args=[one.room_id])}?thread={encode('m', one.pk)}",
            "room": encode("r", one.room_id),
            "title": one.room_name or direct_title(one.direct_key, request.user, cards),
            "kind": "thread",
            "unread": one.unread,
            "mentions": 0,
        }
        for one in unread
    ]
    first, last = _rooms(sidebar)
    return render(request, "chat/catch_up.html", {**context, "entries": [*first, *entries, *last]})


def _rooms(sidebar: Sidebar) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The unread rooms that ask for somebody, and the others."""
    # What is muted asks for nobody, unless it names them.
    own = (line for section in sidebar.sections for line in section.lines)
    lines = [
        line
        for line in (*sidebar.favourites, *own, *sidebar.directs, *sidebar.rooms)
        if line.mentions or (line.unread and not line.muted)
    ]
    asking = [_entry(line) for line in lines if line.is_direct or line.mentions]
    return asking, [_entry(line) for line in lines if not (line.is_direct or line.mentions)]


def _entry(line: Line) -> dict[str, Any]:
    return {
        "url": reverse("room_unread", args=[line.id]),
        "link": reverse("room", args=[line.id]),
        "room": line.key,
        "title": line.name,
        "kind": line.kind,
        "unread": line.unread,
        "mentions": line.mentions,
    }


def room_place(request: Any, room_id: int) -> HttpResponse:
    """The unread messages of a room, 50 at most, with what it takes to mark them read and to answer."""
    place = place_for(request.user, room_id)
    window = timeline.after(place.room, place.read_position)
    context = {
        "kind": place.room.kind,
        "was": place.read_position,
        "last": window.last or place.room.messages,
        "left": place.room.messages - window.last if window.last else 0,
        "html": mark_safe(window.html),  # noqa: S308 - drawn by chat.fragments
        "link": reverse("room", args=[room_id]),
        "read_url": reverse("read", args=[room_id]),
        "moved": encode("r", room_id),
    }
    return _place(request, place, context)


def thread_place(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The unread replies of a thread, 50 at most, below the message that began it."""
    place = place_for(request.user, room_id)
    unread = threads.unread_replies(request.user, room_id, message_id)
    window, root = unread.window, unread.root
    last = unread.read_position + len(window.fragments)
    context = {
        "kind": "thread",
        "was": unread.read_position,
        "last": last,
        "left": unread.messages - last,
        "root_html": mark_safe(root.html),  # noqa: S308 - drawn by chat.fragments
        "html": mark_safe(window.html),  # noqa: S308 - drawn by chat.fragments
        "link": f"{reverse('room', args=[room_id])}?thread={encode('m', root.pk)}",
        "read_url": reverse("thread_read", args=[room_id, root.pk]),
        "moved": encode("m", root.pk),
        "thread": encode("m", root.pk),
    }
    return _place(request, place, context)


def _place(request: Any, place: Any, context: dict[str, Any]) -> HttpResponse:
    called = names(place, cards_of(people_of(place.room.direct_key or "")))
    more = {"room": place.room, "may_post": place.may_post, **called}
    return render(request, "chat/catch_up_place.html", {**context, **more})
