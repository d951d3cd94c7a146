"""What a search found, as HTML: filled into the stencils of chat/search_results.html."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from typing import Any
from urllib.parse import quote_plus

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chat import search as domain
from chat.sidebar import Cards, direct_title
from chat.text.highlighting import Marker
from chat.views.search_words import explained
from chat.views.stencils import Stencil
from tenants.ids import encode

ORDERS = ("best", "date")
_results = Stencil(
    "chat/search_results.html#results",
    fields=("problems", "error", "tabs", "orders", "lines"),
    choices=("has_error", "is_help", "has_found", "has_orders", "tab"),
)
_problem = Stencil("chat/search_results.html#problem", fields=("problem",))
_tab = Stencil(
    "chat/search_results.html#tab", fields=("url", "label", "count"), choices=("is_current", "is_panel")
)
_order = Stencil(
    "chat/search_results.html#order", fields=("url", "label"), choices=("is_current", "is_panel")
)
_result = Stencil(
    "chat/search_results.html#result", fields=("message", "room", "title", "html"), choices=("room_kind",)
)
_failure = Stencil("chat/search_results.html#failure", fields=("error",))
_more = Stencil("chat/search_results.html#more", fields=("url", "next"), choices=("is_ranked",))


@dataclass(frozen=True)
class Asked:
    """What was searched for and how, at which path, from which room, and whether the answer is a panel's."""

    path: str
    query: str
    tab: str
    order: str
    room_id: int | None
    is_panel: bool

    def address(self, **changed: str | int) -> str:
        """The address of this search with something `changed`."""
        fields: dict[str, str | int] = {"tab": self.tab, "order": self.order, **changed}
        usual = {"tab": domain.TABS[0], "order": ORDERS[0]}
        wanted = [f"&{name}={value}" for name, value in fields.items() if usual.get(name) != value]
        return self._beginning + "".join(wanted)

    @cached_property
    def _beginning(self) -> str:
        room = "" if self.room_id is None else f"&room={encode('r', self.room_id)}"
        return f"{self.path}?q={quote_plus(self.query)}{room}"


def results_html(request: Any, asked: Asked, results: domain.Results, cards: Cards, error: str) -> SafeString:
    """Everything below the field: what was not understood, the tabs, what was found, or an error. No query."""
    lines = _lines(request, asked, results, cards)
    has_orders = asked.tab == "messages" and bool(results.items)
    values = {
        "problems": _problem.fill(((explained(one),), ()) for one in results.problems),
        "error": error,
        "tabs": _tabs(asked, results),
        "orders": _orders(asked) if has_orders else "",
        "lines": lines,
    }
    choices = {
        "has_error": bool(error),
        "is_help": bool(error) or not asked.query,
        "has_found": bool(lines) or (asked.tab != "rooms" and bool(results.people)),
        "has_orders": has_orders,
        "tab": asked.tab,
    }
    return _results.fill_one(values, choices)


def further_html(request: Any, asked: Asked, results: domain.Results, cards: Cards, error: str) -> SafeString:
    """What follows below what was found before, or an error. No query."""
    return _failure.fill([((error,), ())]) if error else _lines(request, asked, results, cards)


def _lines(request: Any, asked: Asked, results: domain.Results, cards: Cards) -> SafeString:
    """What was found on the tab, line by line, and the way to more of it."""
    if asked.tab == "people":
        people = [cards[key] for one in results.people if (key := encode("p", one)) in cards]
        return _others("people", {"people": people, "is_panel": asked.is_panel})
    if asked.tab == "rooms":
        return _others("rooms", {"rooms": results.rooms})
    if asked.tab == "files":
        found = _others("files", {"files": [_file(request, hit, cards) for hit in results.files]})
    else:
        found = _result.fill(
            (
                (
                    encode("m", hit.message_id),
                    encode("r", hit.room_id),
                    hit.room_name or direct_title(hit.direct_key, request.user, cards),
                    SafeString(hit.html),  # sanitised by chat.text
                ),
                (hit.room_kind,),
            )
            for hit in results.items
        )
    return SafeString(found + _way_on(asked, results))


def _others(kind: str, context: Mapping[str, Any]) -> SafeString:
    return render_to_string(f"chat/search_others.html#{kind}", context)


def _way_on(asked: Asked, results: domain.Results) -> str:
    if not results.next:
        return ""
    url = asked.address(**{("skip" if results.by_rank else "before"): results.next})
    return _more.fill([((url, results.next), (asked.tab == "messages" and asked.order == "best",))])


@lru_cache(50)
def _words(language: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What tabs and orders are called in the `language` of now: gettext looks through all catalogues each time."""
    return (_("Messages"), _("Files"), _("People"), _("Rooms")), (_("Best"), _("Newest"))


def _tabs(asked: Asked, results: domain.Results) -> SafeString:
    words, _orders = _words(get_language())
    return _tab.fill(
        (
            (asked.address(tab=name, order=ORDERS[0]), label, _counted(results.counts.get(name, 0))),
            (name == asked.tab, asked.is_panel),
        )
        for name, label in zip(domain.TABS, words, strict=True)
    )


def _counted(number: int) -> str:
    return f"{number}+" if number >= domain.MOST_COUNTED else str(number)


def _orders(asked: Asked) -> SafeString:
    _tabs, words = _words(get_language())
    return _order.fill(
        ((asked.address(order=name), label), (name == asked.order, asked.is_panel))
        for name, label in zip(ORDERS, words, strict=True)
    )


def _file(request: Any, hit: domain.FileHit, cards: Cards) -> dict[str, Any]:
    uploader = cards.get(encode("p", hit.uploader_id))
    return {
        "hit": hit,
        "name": _marked(hit.name, hit.marker),
        "excerpt": _line(hit.excerpt, hit.marker),
        "uploader": uploader["name"] if uploader else "",
        "title": hit.room_name or direct_title(hit.direct_key, request.user, cards),
    }


def _marked(text: str, marker: Marker) -> SafeString:
    return mark_safe(marker.html(escape(text)))  # noqa: S308 - escaped, and our own marks


def _line(text: str, marker: Marker) -> SafeString | str:
    """The first line of a text in which something was found."""
    for line in text.splitlines():
        if marker.spans(line):
            return _marked(line.strip()[:200], marker)
    return ""
