"""Searching: a page, a panel beside the timeline, further results under those already there; and for the switcher."""

from typing import Any

from django.db import OperationalError
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat import search as domain
from chat.search.excerpts import excerpt
from chat.sidebar import Cards, cards_of, direct_title, people_of
from chat.views import answers
from chat.views.search_results import ORDERS, Asked, further_html, results_html
from chat.views.shell import FRAME_CHOICES, FRAME_FIELDS, frame, people_in, room_asked_for, shell
from chat.views.stencils import PageStencil, Stencil
from tenants.db import took_too_long
from tenants.ids import encode

_FIELDS, _CHOICES = ("query", "room", "results"), ("has_query", "has_room", "is_panel")
_page = PageStencil("chat/search.html", fields=(*FRAME_FIELDS, *_FIELDS), choices=(*FRAME_CHOICES, *_CHOICES))
_panel = Stencil("chat/search.html#panel", fields=_FIELDS, choices=_CHOICES)
SEARCHES = (60, 10)  # in so many seconds: results come while typing
MOST_SWITCHES = 5
_MOST_SKIPPED = domain.MOST_COUNTED


@require_safe
@member_required
@answers.answering
def search(request: Any) -> HttpResponse:
    """`?q=` as chat.text.query has it; `&tab=`, and the `&order=` of messages. `&before=` the message or file after which
    older ones follow, `&skip=` how many best ones were shown."""
    if refused := answers.too_often(request, "search", *SEARCHES):
        return refused
    query = answers.query(request)
    tab = _one_of(request, "tab", domain.TABS)
    order = _one_of(request, "order", ORDERS)
    before = answers.number(request.GET["before"]) if "before" in request.GET else None
    skip = min(answers.number(request.GET.get("skip", "0")), _MOST_SKIPPED)
    results, error, status = _searched(request.user, query, before, tab=tab, order=order, skip=skip)
    asked = Asked(request.path, query, tab, order, room_asked_for(request), is_panel=bool(request.htmx))
    if not asked.is_panel:
        return HttpResponse(_whole_page(request, asked, results, error), status=status)
    cards = _cards(results)
    if before is not None or skip:
        return HttpResponse(further_html(request, asked, results, cards, error), status=status)
    shown = results_html(request, asked, results, cards, error)
    return HttpResponse(_panel.fill_one(*_around(asked, shown)), status=status)


def _searched(person: Any, query: str, before: int | None, **asked: Any) -> tuple[domain.Results, str, int]:
    """What was found; what there is to say instead, if there is; and the answer's status."""
    if not query:
        return domain.Results(), "", 200
    try:
        results = domain.search(person, query, before, **asked)
    except OperationalError as failed:
        if not took_too_long(failed):
            raise
        words = _("This search took too long. Name a room, a person or a rarer word, too.")
        return domain.Results(), words, 503
    return results, "" if results.understood else _("Type a word, or a part of one, to look for."), 200


def _whole_page(request: Any, asked: Asked, results: domain.Results, error: str) -> bytes:
    context = shell(request, asked.room_id, _people(results))
    values, choices = frame(request, context)
    shown = results_html(request, asked, results, context["people"], error)
    own, own_choices = _around(asked, shown)
    return _page.fill(values | own, choices | own_choices)


def _around(asked: Asked, results: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of _FIELDS and _CHOICES."""
    has_room = asked.room_id is not None
    values = {
        "query": asked.query,
        "room": encode("r", asked.room_id) if asked.room_id is not None else "",
        "results": results,
    }
    return values, {"has_query": bool(asked.query), "has_room": has_room, "is_panel": asked.is_panel}


def _cards(results: domain.Results) -> Cards:
    """Of those whom a panel itself names; the others' are fetched by the page. One query, where there is somebody."""
    named = results.tab in ("files", "people") or any(hit.direct_key for hit in results.items)
    people = _people(results) if named else set()
    return cards_of(people) if people else {}


def _one_of(request: Any, name: str, known: tuple[str, ...]) -> str:
    value = request.GET.get(name, "")
    return value if value in known else known[0]


def _hits(results: domain.Results) -> list[domain.Hit | domain.FileHit]:
    return [*results.items, *results.files]


def _people(results: domain.Results) -> set[int]:
    """Who wrote, who is named, who is in the direct messages, and who was found."""
    people = {hit.author_id for hit in results.items} | people_in(hit.html for hit in results.items)
    people |= {hit.uploader_id for hit in results.files}
    if results.tab == "people":
        people |= set(results.people)
    return people.union(*(people_of(hit.direct_key) for hit in _hits(results)))


@require_safe
@member_required
@answers.answering
def switcher_messages(request: Any) -> HttpResponse:
    """The best few messages for what is being typed into the switcher, as JSON: `label` is a part of the text as a list of
    `[words, marked]`. Two queries, three where somebody has to be named."""
    if refused := answers.too_often(request, "search", *SEARCHES):
        return refused
    results = domain.search(
        request.user, answers.query(request), limit=MOST_SWITCHES, order="best", counted=False
    )
    people = {hit.author_id for hit in results.items}
    cards = cards_of(people.union(*(people_of(hit.direct_key) for hit in results.items))) if people else {}
    return JsonResponse({"items": [_switch(request, hit, cards) for hit in results.items]})


def _switch(request: Any, hit: domain.Hit, cards: Cards) -> dict[str, Any]:
    author = cards.get(encode("p", hit.author_id))
    place = hit.room_name or direct_title(hit.direct_key, request.user, cards)
    return {
        "kind": "message",
        "label": excerpt(hit.html),
        "detail": f"{author['name']}, {place}" if author else place,
        "url": f"{reverse('room', args=[hit.room_id])}?message={encode('m', hit.message_id)}",
        "key": encode("m", hit.message_id),
    }
