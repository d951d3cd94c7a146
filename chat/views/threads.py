"""Threads: one beside the timeline, and all that a person follows."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import member_required
from chat import followed
from chat import threads as domain
from chat.access import message_for
from chat.places import place_for
from chat.sidebar import Cards, cards_of, direct_title, people_of
from chat.timeline import Window
from chat.views import answers
from chat.views.room_page import names
from chat.views.shell import panel, people_in, shell
from tenants.ids import encode


@require_safe
@member_required
@answers.answering
def thread(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The panel of the thread of a message, or of the reply it is. With `?before=` or `?after=`: the fragments of at most
    50 replies on that side of the position, and whether there are more.
    """
    for name, ask in (("before", domain.replies_before), ("after", domain.replies_after)):
        if name in request.GET:
            root = domain.root_of(message_for(request.user, room_id, message_id))
            return _window(ask(root.pk, answers.number(request.GET[name])))
    place = place_for(request.user, room_id)
    opened = domain.thread_for(request.user, room_id, message_id)
    window = opened.window
    context = {
        "room": place.room,
        "is_member": place.is_member,
        "may_post": place.may_post and (not place.is_muzzled or place.room.open_replies),
        "may_tell_room": not place.is_muzzled,
        "root": opened.root,
        "root_html": mark_safe(opened.root.html),  # noqa: S308 - drawn by chat.fragments
        "replies_html": mark_safe(window.html),  # noqa: S308
        "opened": opened,
        "largest_file": settings.LARGEST_FILE,
        "asked": encode("m", message_id),
        **names(place, cards_of(people_of(place.room.direct_key or ""))),
    }
    return panel(request, "chat/thread.html", context, room_id=room_id)


def _window(window: Window) -> HttpResponse:
    headers = {"X-Has-Older": str(int(window.has_older)), "X-Has-Newer": str(int(window.has_newer))}
    return HttpResponse(window.html, headers=headers)


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def following(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """POST follows the thread, DELETE follows it no more; answered by the button as it is then."""
    follows = request.method == "POST"
    (domain.follow if follows else domain.unfollow)(request.user, room_id, message_id)
    context = {"room_id": room_id, "root_id": message_id, "follows": follows}
    return render(request, "chat/thread.html#following", context)


@require_POST
@member_required
@answers.answering
def read(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The person has read the thread up to `position`. A page that says so by itself says the `turn` that it knows."""
    position = answers.number(request.POST.get("position", ""))
    turn = answers.number(request.POST["turn"]) if request.POST.get("turn") else None
    domain.mark_read(request.user, room_id, message_id, position, turn)
    return HttpResponse(status=204)


@require_safe
@member_required
@answers.answering
def threads(request: Any) -> HttpResponse:
    """The threads that the person follows: with something unread first, newest reply on top. `?page=2`
    goes on, for htmx with further entries only."""
    number = max(1, answers.number(request.GET.get("page", "1")))
    shown, more = followed.threads_of(request.user, number)
    direct = {person_id for one in shown for person_id in people_of(one.direct_key)}
    context: dict[str, Any] = {"next": number + 1 if more else None}
    if request.htmx:
        context["threads"] = _entries(request, shown, cards_of(direct))
        return render(request, "chat/threads.html#more", context)
    people = direct | {one.author_id for one in shown} | people_in(one.html for one in shown)
    around = shell(request, None, people)
    context["threads"] = _entries(request, shown, around["people"])
    return render(request, "chat/threads.html", {**around, **context})


def _entries(request: Any, shown: list[followed.Followed], cards: Cards) -> list[dict[str, Any]]:
    return [
        {
            "key": encode("m", one.pk),
            "room": encode("r", one.room_id),
            "title": one.room_name or direct_title(one.direct_key, request.user, cards),
            "kind": one.room_kind,
            "unread": one.unread,
            "html": mark_safe(one.html),  # noqa: S308 - drawn by chat.fragments
        }
        for one in shown
    ]
