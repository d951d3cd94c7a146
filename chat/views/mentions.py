"""Mentions: those of the reader, wherever they are; whom a text would tell, and bringing in whom it names."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from accounts.access import member_required
from chat import mentioned
from chat import naming as domain
from chat.outsiders import bring_in
from chat.sidebar import Cards, cards_of, direct_title, people_of
from chat.views import answers
from chat.views.memberships import MOST_ADDED
from chat.views.shell import people_in, shell
from tenants.ids import encode


@require_safe
@member_required
@answers.answering
def mentions(request: Any) -> HttpResponse:
    """Newest first, what is unread marked. For htmx the list alone; `?page=2` goes on, with further entries only."""
    number = max(1, answers.number(request.GET.get("page", "1")))
    shown, more = mentioned.mentions_of(request.user, number)
    direct = {person_id for one in shown for person_id in people_of(one.direct_key)}
    context: dict[str, Any] = {"next": number + 1 if more else None}
    if request.htmx:
        context["mentions"] = _entries(request, shown, cards_of(direct) if direct else {})
        return render(request, f"chat/mentions.html#{'more' if number > 1 else 'list'}", context)
    people = direct | {one.author_id for one in shown} | people_in(one.html for one in shown)
    around = shell(request, None, people)
    context["mentions"] = _entries(request, shown, around["people"])
    return render(request, "chat/mentions.html", {**around, **context})


def _entries(request: Any, shown: list[mentioned.Mentioning], cards: Cards) -> list[dict[str, Any]]:
    return [
        {
            "key": encode("m", one.pk),
            "room": encode("r", one.room_id),
            "title": one.room_name or direct_title(one.direct_key, request.user, cards),
            "kind": one.room_kind,
            "unread": one.is_unread,
            "in_thread": one.in_thread,
            "html": mark_safe(one.html),  # noqa: S308 - drawn by chat.fragments
        }
        for one in shown
    ]


@require_POST
@member_required
@answers.answering
def naming(request: Any, room_id: int) -> HttpResponse:
    """How many people posting `text` would tell, as `people`; in `refused` why it can't be posted. Changes nothing."""
    if refused := answers.too_often(request, "naming", *settings.POST_RATE):
        return refused
    found = domain.naming(request.user, room_id, request.POST.get("text", ""))
    return JsonResponse({"people": found.people, "refused": found.refused})


@require_POST
@member_required
@answers.answering
def outsiders(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """Add `people` whom one's own message names to its room."""
    if refused := answers.too_often(request, "add", *MOST_ADDED):
        return refused
    bring_in(request.user, room_id, message_id, answers.ids("p", request.POST.get("people", "")))
    return HttpResponse(status=204)
