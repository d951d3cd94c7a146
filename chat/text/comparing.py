"""What became of a text: which words stayed, which came, which went. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# A word, a run of blanks, or one sign; scripts that put no blanks between words go letter by letter.
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+|\s+|."
)
# Comparing takes time by this product of what differs, or worse: 0.2 s for texts made to take long. Beyond it all of
# that counts as rewritten.
_MOST = 100_000

type Fate = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some consecutive characters of both texts or of one."""

    fate: Fate
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """The pieces that make `after` out of `before`, removed ones before what came in their place."""
    return _compare(before, after, _MOST)[0]


def compare_all(pairs: Iterable[tuple[str, str]]) -> Iterator[list[Piece]]:
    """`compare` for each (before, after), in no more time together than one of them may take."""
    left = _MOST
    for before, after in pairs:
        pieces, taken = _compare(before, after, left)
        left -= taken
        yield pieces


def _compare(before: str, after: str, most: int) -> tuple[list[Piece], int]:
    """The pieces, and how much of `most` they took."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    begin = _common(old, new)
    end = _common(old[begin:][::-1], new[begin:][::-1])
    were, are = old[begin : len(old) - end], new[begin : len(new) - end]
    taken = len(were) * len(are)
    changed = _changes(were, are) if taken <= most else _rewritten(were, are)
    found = [Piece("same", "".join(old[:begin])), *changed, Piece("same", "".join(old[len(old) - end :]))]
    return [piece for piece in found if piece.text], taken if taken <= most else 0


def _common(old: list[str], new: list[str]) -> int:
    for number, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return number
    return min(len(old), len(new))


def _rewritten(old: list[str], new: list[str]) -> list[Piece]:
    return [Piece("removed", "".join(old)), Piece("added", "".join(new))]


def _changes(old: list[str], new: list[str]) -> Iterator[Piece]:
    for tag, *ends in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[ends[0] : ends[1]]), "".join(new[ends[2] : ends[3]])
        if tag == "equal":
            yield Piece("same", gone)
        else:
            yield from (Piece("removed", gone), Piece("added", come))
