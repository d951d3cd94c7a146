"""Marking what a search found, in HTML that is our own."""

import html
import re
from collections.abc import Sequence

from chat.text.index import normalise

_TAG = re.compile(r"(<[^>]*>)")
_WORD = re.compile(r"\w+")
# What HTML escapes stands aside while words are marked; the marks themselves must not be escaped.
_AWAY = str.maketrans('&<>"', "\x00\x01\x02\x03")
_BACK = {0: "&amp;", 1: "&lt;", 2: "&gt;", 3: "&quot;"}


def highlight(fragment: str, terms: Sequence[str]) -> str:
    """Put `<mark>` around the words of `fragment` that begin with one of `terms`; tags and attributes stay as they are.

    `fragment` is HTML of `render` or of the message template, `terms` are normalised (SearchQuery.terms).
    """
    wanted = tuple(term for term in terms if term)
    if not wanted:
        return fragment
    parts = _TAG.split(fragment)
    return "".join(part if part.startswith("<") else _mark(part, wanted) for part in parts)


def _mark(text: str, wanted: tuple[str, ...]) -> str:
    # Entities are taken apart first: `&amp;` has no word "amp" in it.
    plain = html.unescape(text) if "&" in text else text
    folded = normalise(plain)
    if not any(term in folded for term in wanted):
        return text  # most of a message: only where something is found are its words looked at one by one

    def mark(match: "re.Match[str]") -> str:
        word = match[0]
        folded = normalise(word)
        found = folded.startswith(wanted) or any(
            len(term) == 2 and not term.isascii() and term in folded for term in wanted
        )
        return f"<mark>{word}</mark>" if found else word

    return _WORD.sub(mark, plain.translate(_AWAY)).translate(_BACK)
