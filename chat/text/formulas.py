"""Formulas: `$x^2$` in a line, `$$…$$` or a ```math block on its own, from LaTeX to MathML, which browsers draw.

Prices, shell variables and prose stay text: a dollar sign opens a formula only under the rules of `_formula_in`.
Whatever can't be drawn is shown as it was typed. latex2mathml is pure Python and takes at most 20 ms for all formulas of a message; its tree is
written out here by an allow-list, because it passes links, colours and any length on.
"""

import html
import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

MOST = 2_000  # characters of formulas in a message; what is beyond is shown as it was typed
_LONGEST = 500  # of a formula in a line
_DEEPEST = 60
TAGS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom", "mstyle", "menclose", "mmultiscripts",
    "mprescripts", "none",
}  # fmt: skip
ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "fence", "form", "separator", "movablelimits", "displaystyle", "scriptlevel",
    "accent", "accentunder", "linethickness", "columnalign", "columnlines", "rowlines", "notation", "lspace", "rspace",
    "width", "height", "depth", "minsize", "maxsize",
}  # fmt: skip
_WORDS = re.compile(r"[a-z -]{1,60}")
_LENGTH = re.compile(r"(-?[0-9]*\.?[0-9]{1,9})(em|ex|px|pt|mu|%)?")
_LARGEST = {"px": 60.0, "pt": 40.0, "%": 400.0}  # of a length, by its unit
_COMMAND = re.compile(r"\\(?:text\w*|mathrm|operatorname|mbox)\s*\{[^{}]*\}|\\[A-Za-z]+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_SIGN = re.compile(r"[\\^_=+*/{<>]")


def mathml(latex: str, *, block: bool) -> str | None:
    """LaTeX as MathML of the allow-list; None for what is no formula. No text makes it raise."""
    try:
        parts: list[str] = []
        _write(convert_to_element(latex.strip(), display="block" if block else ""), parts, _DEEPEST)
    except Exception:
        # The library raises its own kinds, and IndexError, ValueError, RecursionError and others for what people type.
        return None
    return "".join(parts)


def _write(element: Element, parts: list[str], deepest: int) -> None:
    if element.tag not in TAGS or not deepest:
        raise ValueError(element.tag)
    given = ((name, value) for name, value in element.attrib.items() if may_stay(name, value))
    parts.append(f"<{element.tag}{''.join(f' {name}="{value}"' for name, value in given)}>")
    if element.text:  # it has entities in it, which are its way of writing signs
        parts.append(html.escape(html.unescape(element.text), quote=False))
    for child in element:
        _write(child, parts, deepest - 1)
    parts.append(f"</{element.tag}>")


def may_stay(name: str, value: str) -> bool:
    """No length that lays a formula over what others wrote."""
    if name not in ATTRIBUTES:
        return False
    if found := _LENGTH.fullmatch(value):
        most = _LARGEST.get(found[2] or "", 10.0)
        return -0.5 <= float(found[1]) <= most
    return _WORDS.fullmatch(value) is not None


def inline_rule(state: StateInline, silent: bool) -> bool:
    """`$x$`, and `$$x$$` within a line."""
    if state.src[state.pos] != "$":
        return False
    found = _formula_in(state.src, state.pos, state.posMax)
    if found is None:
        return False
    latex, length = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.meta = latex, {"block": state.src.startswith("$$", state.pos)}
    state.pos += length
    return True


def _formula_in(src: str, start: int, end: int) -> tuple[str, int] | None:
    """The formula that begins with the dollar sign at `start`, and how long it is with its signs.

    Neither end may touch a blank inside or a letter, digit or dollar outside ("$5 and $6", "US$5", "$HOME:$PATH"). Only the next
    dollar sign can close it, so this is linear.
    """
    double = src.startswith("$$", start)
    sign = "$$" if double else "$"
    before, first = src[start - 1 : start], start + len(sign)
    if before.isalnum() or before in ("$", "\\"):
        return None
    close = src.find(sign, first, min(end, first + (MOST if double else _LONGEST)))
    if close <= first:
        return None
    latex, after = src[first:close], src[close + len(sign) : close + len(sign) + 1]
    if after == "$" or after.isalnum() or latex.endswith("\\"):
        return None
    if not double and (latex != latex.strip() or "\n" in latex):
        return None
    return (latex, close + len(sign) - start) if _reads_as_formula(latex) else None


def _reads_as_formula(latex: str) -> bool:
    """Whether it is no prose between two prices: few words, and more than a number with words where a digit begins."""
    plain = _COMMAND.sub(" ", latex)
    words = len(_WORD.findall(plain))
    if latex.lstrip()[:1].isdigit():
        return not words and (_SIGN.search(latex) is not None or latex.strip().isdigit())
    return words < 2 and bool(latex.strip())


def block_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lines from one that begins with `$$` to one that ends with it, so that nothing within is a list or a heading."""
    position = state.bMarks[start] + state.tShift[start]
    first = state.src[position : state.eMarks[start]]
    if not first.startswith("$$"):
        return False
    lines, line = [first[2:]], start
    while (
        "$$" not in lines[-1]
    ):  # the next one closes it or is in the way: what is looked at, is looked at once
        line += 1
        if line >= end:
            return False
        lines.append(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])
    latex, _signs, after = "\n".join(lines).partition("$$")
    if after.strip() or not latex.strip():
        return False
    if not silent:
        token = state.push("formula_block", "", 0)
        token.content, token.map = latex, [start, line + 1]
        state.line = line + 1
    return True
