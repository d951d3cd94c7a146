"""Drafts: what a page keeps and asks for, and the list of what somebody has begun to write."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import member_required
from chat import drafts as domain
from chat.models import Draft
from chat.models.drafts import LONGEST_PAGE
from chat.sidebar import Cards, cards_of, people_of
from chat.views import answers
from chat.views.later import place_of
from chat.views.shell import page

KEPT = (120, 60)  # in so many seconds: a page says what was typed once a second at most


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def room_draft(request: Any, room_id: int) -> HttpResponse:
    """What the person has begun to write here, or in `thread`. POST keeps a `text` typed `ago` milliseconds since, as
    the `turn`th on the page that calls itself `page`; answered by what stands now: something newer from elsewhere, if
    not `taken`."""
    fields = request.POST if request.method == "POST" else request.GET
    thread_id = answers.message_id(fields["thread"]) if fields.get("thread") else None
    if request.method != "POST":
        return _kept(domain.draft_in(request.user, room_id, thread_id))
    if refused := answers.too_often(request, "draft", *KEPT):
        return refused
    ago = timedelta(milliseconds=min(answers.number(fields.get("ago", "0")), 10**12))
    text, name = fields.get("text", ""), fields.get("page", "")[:LONGEST_PAGE]
    turn = answers.number(fields.get("turn", "0"))
    kept = domain.keep_draft(
        request.user, room_id, text, thread_id=thread_id, typed_ago=ago, page=name, turn=turn
    )
    return _kept(kept)


def _kept(kept: domain.Kept) -> JsonResponse:
    changed = kept.changed_at.timestamp() if kept.changed_at else 0
    return JsonResponse({"text": kept.text, "changed": changed, "taken": kept.taken})


@require_safe
@member_required
def drafts(request: Any) -> HttpResponse:
    """All of them, the latest on top; for htmx the list alone."""
    found = domain.drafts_of(request.user)
    direct = {person_id for one in found for person_id in people_of(one.room.direct_key or "")}
    context = {"drafts": _entries(request, found, cards_of(direct) if direct else {}), "tab": "drafts"}
    if request.htmx:
        return render(request, "chat/drafts.html#list", context)
    return page(request, "chat/drafts.html", context)


def _entries(request: Any, found: list[Draft], cards: Cards) -> list[dict[str, Any]]:
    return [
        {
            "id": one.pk,
            "text": one.text,
            "changed_at": one.changed_at,
            **place_of(request.user, one, cards),
        }
        for one in found
    ]


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def draft(request: Any, draft_id: int) -> HttpResponse:
    """DELETE discards one's own draft, wherever it is; answered with the way back, which is to POST its `text`."""
    text = request.POST.get("text", "") if request.method == "POST" else ""
    was = domain.put_draft(request.user, draft_id, text)
    if request.method == "POST":
        return HttpResponse(status=204)
    return answers.undoable(
        "parley:drafts", _("The draft is discarded."), request.path, fields={"text": was.text}
    )
