"""The words under which a message is found, and the words of a search, brought to one form."""

import re
import unicodedata

VERSION = 1  # of what is made here; rows of an older one are indexed anew (chat.search.keeping)
_WORD = re.compile(r"\w+")
# Written without spaces between words: indexed in pairs of characters (PITFALLS, "Postgres' locale and text").
PAIRED = re.compile(
    r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)
_LONGEST = 60  # characters of an indexed word
_EXPONENT = re.compile(r"\b[0-9]+e[0-9]")
_PERHAPS = re.compile(r"[0-9]e[0-9]")  # is looked for in a fifth of that one's time
_PLACES = [f":{place} " for place in range(1, 256)]
# ASCII in lower case, and a blank for what is no part of a word.
_ASCII = bytes(ord(chr(code).lower()) if _WORD.match(chr(code)) else ord(" ") for code in range(128)).ljust(
    256
)
# Marks that make another letter and no accent: й is not и, が is not か.
_LETTERS = {"\u3099", "\u309a"}
_BREVE = "\u0306"


def normalise(text: str) -> str:
    """Compatibility forms folded, lower case, accents dropped: Straße finds strasse, Ångström angstrom."""
    if text.isascii():
        return text.lower()
    kept: list[str] = []
    for character in unicodedata.normalize("NFKD", text.casefold()):
        if (
            not unicodedata.combining(character)
            or character in _LETTERS
            or (character == _BREVE and kept and kept[-1] == "и")
        ):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def words_of(text: str) -> list[str]:
    """The words of `text` in their order; runs of Chinese, Japanese or Korean become overlapping pairs."""
    if text.isascii():  # nothing to fold but its case: a twentieth of the time
        words = text.encode().translate(_ASCII).decode().split()
        if len(max(words, key=len, default="")) <= _LONGEST:
            return words
        return [word[:_LONGEST] for word in words]
    words = []
    for word in _WORD.findall(normalise(text)):
        start = 0
        for run in PAIRED.finditer(word):
            if run.start() > start:
                words.append(word[start : run.start()][:_LONGEST])
            words += pairs(run[0])
            start = run.end()
        if start < len(word):
            words.append(word[start:][:_LONGEST])
    return words


def pairs(run: str) -> list[str]:
    return [run[index : index + 2] for index in range(len(run) - 1)] or [run]


def index_text(plain: str) -> str:
    """What `to_tsvector('simple', …)` is given: words and blanks, nothing that Postgres' parser would take apart.

    Whoever looks for one character of a run looks for the pairs that begin with it. The last of a run begins none, so
    those stand by themselves behind everything else, where no phrase is interrupted.
    """
    words = words_of(plain)
    if not plain.isascii():
        words += dict.fromkeys(run[0][-1] for run in PAIRED.finditer(normalise(plain)) if len(run[0]) > 1)
    return " ".join(words)


def vector(words: str) -> str | None:
    """`words` of `index_text` as Postgres writes what `to_tsvector` makes of them, where that is certain; else None.

    Its parser took 75 µs for a kilobyte, half of what storing a post costs it in a batch. It parts words at a `_`, and
    behind what could be a number with an exponent; and it keeps 255 places of a word.
    """
    if "_" in words or not words.isascii() or (_PERHAPS.search(words) and _EXPONENT.search(words)):
        return None
    each = words.split()
    if len(each) > len(_PLACES):
        return None
    placed = [""] * (2 * len(each))
    placed[::2], placed[1::2] = each, _PLACES[: len(each)]
    return "".join(placed)
