"""What counts as a message's text."""

import re
import unicodedata
from typing import Literal

from django.utils.translation import gettext as _

MAX_TEXT = 10_000  # characters

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BIDI_OPEN, _BIDI_CLOSE = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068", "\u202c\u2069"
_BIDI = re.compile(f"[{_BIDI_OPEN}{_BIDI_CLOSE}]")
_INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc", "Mn"})
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


class TextRefused(ValueError):
    """The text is no message; `detail` is for the person."""

    def __init__(self, code: Literal["empty", "too_long", "malformed"], detail: str) -> None:
        super().__init__(detail)
        self.code: Literal["empty", "too_long", "malformed"] = code
        self.detail = detail


def clean(text: str) -> str:
    """The text as it is stored: lines end with \\n, nothing trails. Raises TextRefused.

    Control characters and lone surrogates are refused (Postgres can store neither), so are texts in which nothing can
    be seen. Unbalanced marks of writing direction are dropped, because they would turn what follows them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_TEXT:
        raise TextRefused(
            "too_long", _("A message has at most %(most)s characters.") % {"most": f"{MAX_TEXT:,}"}
        )
    if text.isascii() and text.isprintable() and (line := text.rstrip()):
        return line  # as most are: nothing to look for in it
    if _CONTROLS.search(text):
        raise TextRefused("malformed", _("The message has characters that can't be sent."))
    if _BIDI.search(text):
        text = "\n".join(map(_balance, text.split("\n")))
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    if not text or all(map(_is_invisible, text)):
        raise TextRefused("empty", _("There is nothing in the message yet."))
    return text


def without_controls(text: str) -> str:
    """`text` without the characters that `clean` refuses, for what was written elsewhere and is taken over."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_invisible(character: str) -> bool:
    if character < "\u007f":
        return character.isspace()
    return unicodedata.category(character) in _INVISIBLE or character in _INVISIBLE_LETTERS


def _balance(line: str) -> str:
    """Drop direction marks that are opened and not closed on the line, or closed and not opened."""
    depth, keep = [], [True] * len(line)
    for index, character in enumerate(line):
        if character in _BIDI_OPEN:
            depth.append(index)
        elif character in _BIDI_CLOSE:
            if depth:
                depth.pop()
            else:
                keep[index] = False
    for index in depth:
        keep[index] = False
    return "".join(character for character, kept in zip(line, keep, strict=True) if kept)
