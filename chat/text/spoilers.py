"""Spoilers: `||the butler||` is covered until somebody wants to read it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from markdown_it.rules_inline import StateInline

from chat.text.comparing import Piece

_SPOILER = re.compile(r"\|\|(?=\S)(?:[^|]|\|(?!\|))+(?<=\S)\|\|")
COVER = "▒▒▒"


def inline_rule(state: StateInline, silent: bool) -> bool:
    """`||…||` with anything of Markdown that goes in a line. Blanks at both ends are a programmer's "a || b || c"."""
    start, most = state.pos, state.posMax
    if not state.src.startswith("||", start):
        return False
    end = state.src.find("||", start + 2, most)
    inside = state.src[start + 2 : end]
    if end < 0 or not inside or inside != inside.strip():
        return False
    if not silent:
        state.push("spoiler_open", "span", 1).attrs = {"class": "spoiler"}
        state.pos, state.posMax = start + 2, end
        state.md.inline.tokenize(state)
        state.push("spoiler_close", "span", -1)
    state.pos, state.posMax = end + 2, most
    return True


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces of two compared texts that stand together; `covered` are those of a spoiler."""

    covered: bool
    pieces: tuple[Piece, ...]


def runs(pieces: Sequence[Piece], before: str, after: str) -> list[Run]:
    """The pieces that make `after` out of `before`, those apart that a spoiler of either text covers. Pure."""
    if "||" not in before and "||" not in after:
        return [Run(covered=False, pieces=tuple(pieces))] if pieces else []
    old, new = iter(_marked(before)), iter(_marked(after))
    split: list[tuple[bool, Piece]] = []
    for piece in pieces:
        count = len(piece.text)
        were = list(islice(old, count)) if piece.fate != "added" else [False] * count
        are = list(islice(new, count)) if piece.fate != "removed" else [False] * count
        signs = zip(were, are, piece.text, strict=True)
        for hidden, part in groupby(signs, lambda sign: sign[0] or sign[1]):
            split.append((hidden, Piece(piece.fate, "".join(sign for _, _, sign in part))))
    grouped = groupby(split, lambda one: one[0])
    return [Run(hidden, tuple(piece for _, piece in together)) for hidden, together in grouped]


def _marked(text: str) -> list[bool]:
    """Of each character whether a spoiler covers it."""
    marked = [False] * len(text)
    for found in _SPOILER.finditer(text):
        inside = slice(found.start() + 2, found.end() - 2)
        marked[inside] = [True] * (inside.stop - inside.start)
    return marked


def covered(text: str) -> str:
    """`text` for where nothing can be uncovered, such as a notification."""
    return _SPOILER.sub(COVER, text) if "||" in text else text
