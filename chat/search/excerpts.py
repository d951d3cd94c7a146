"""A part of a message that was found, for places where there is one line."""

import html
import re

from chat.text.spoilers import COVER

_TAG = re.compile(r"<[^>]*>")
_PARTS = re.compile(r"(<mark>.*?</mark>)", re.DOTALL)
_SPAN = re.compile(r"<span\b[^>]*>|</span>")
_SPOILER = '<span class="spoiler">'
_PROSE = re.compile(r'<div class="prose">(.*?)</div>', re.DOTALL)
_BEFORE, _LONGEST = 40, 160  # characters


def excerpt(fragment: str) -> list[tuple[str, bool]]:
    """The words around the first mark of a marked fragment (Hit.html), as plain text: `[("the ", False), ("boat", True)]`."""
    prose = _PROSE.search(fragment)
    parts: list[tuple[str, bool]] = []
    for part in _PARTS.split(_covered(prose[1]) if prose else ""):
        marked = part.startswith("<mark>")
        text = re.sub(r"\s+", " ", html.unescape(_TAG.sub("", part)))
        parts.append((text if parts else text.lstrip(), marked))
    parts = [(text, marked) for text, marked in parts if text]
    if parts and not parts[0][1] and len(parts) > 1 and len(parts[0][0]) > _BEFORE:
        parts[0] = f"…{parts[0][0][-_BEFORE:]}", False
    return _shortened(parts)


def _covered(prose: str) -> str:
    """`prose` with COVER for what its spoilers hold: a line of text has nothing to uncover it with."""
    if _SPOILER not in prose:
        return prose
    kept: list[str] = []
    at, depth = 0, 0
    for span in _SPAN.finditer(prose):
        if depth:
            depth += 1 if span[0] != "</span>" else -1
            if not depth:
                kept.append(COVER)
                at = span.end()
        elif span[0] == _SPOILER:
            kept.append(prose[at : span.start()])
            depth = 1
    return "".join([*kept, prose[at:]]) if not depth else "".join(kept)


def _shortened(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    kept, left = [], _LONGEST
    for text, marked in parts:
        if left <= 0:
            break
        kept.append((text[:left], marked))
        left -= len(text)
    return kept
