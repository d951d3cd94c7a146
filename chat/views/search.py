"""Searching messages: a page, a panel beside the timeline, and further results under those already there."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat import search as domain
from chat.sidebar import Cards, cards_of, direct_title, people_of
from chat.views import answers
from chat.views.shell import people_in, room_asked_for, shell
from chat.views.stencils import Stencil
from tenants.ids import encode

_result = Stencil("chat/search_results.html#result", "message", "room", "title", "html")
SEARCHES = (60, 10)  # in so many seconds: results come while typing


@require_safe
@member_required
@answers.answering
def search(request: Any) -> HttpResponse:
    """`?q=` with `from:` and `in:`; `&before=` the message after whose results older ones follow."""
    if refused := answers.too_often(request, "search", *SEARCHES):
        return refused
    query = answers.query(request)
    before = answers.number(request.GET["before"]) if "before" in request.GET else None
    results = domain.search(request.user, query, before) if query else domain.Results()
    room_id = room_asked_for(request)
    context = {
        "query": query,
        "next": str(results.next or ""),
        "error": "" if results.understood else _("Type a word, or a part of one, to look for."),
        "room_id": room_id,
    }
    if request.htmx:
        cards = cards_of(_people(results)) if any(hit.direct_key for hit in results.items) else {}
        part = "more" if before is not None else "panel"
        return render(request, f"chat/search.html#{part}", {**context, **_shown(request, results, cards)})
    around = shell(request, room_id, _people(results))
    shown = _shown(request, results, around["people"])
    return render(request, "chat/search.html", {**around, **context, **shown})


def _people(results: domain.Results) -> set[int]:
    """Who wrote, who is named, and who is in the direct messages."""
    people = {hit.author_id for hit in results.items} | people_in(hit.html for hit in results.items)
    return people.union(*(people_of(hit.direct_key) for hit in results.items))


def _shown(request: Any, results: domain.Results, cards: Cards) -> dict[str, Any]:
    """The hits, and their lines as HTML."""
    shown = [
        {
            "message": encode("m", hit.message_id),
            "room": encode("r", hit.room_id),
            "title": hit.room_name or direct_title(hit.direct_key, request.user, cards),
            "html": mark_safe(hit.html),  # noqa: S308 - sanitised by chat.text
        }
        for hit in results.items
    ]
    choices = ({"room_kind": hit.room_kind} for hit in results.items)
    return {"results": shown, "result_lines": _result.fill(zip(shown, choices, strict=True))}
