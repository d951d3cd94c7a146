"""The words under which a message is found, and the words of a search, brought to one form."""

import re
import unicodedata

_WORD = re.compile(r"\w+")
# Written without spaces between words: indexed in pairs of characters (PITFALLS, "Postgres' locale and text").
_PAIRED = re.compile(
    r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)
_LONGEST = 60  # characters of an indexed word


def normalise(text: str) -> str:
    """Compatibility forms folded, lower case, accents dropped: Straße finds strasse, Ångström angstrom."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    without = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", without)


def words_of(text: str) -> list[str]:
    """The indexed words of `text` in their order; runs of Chinese, Japanese or Korean become overlapping pairs."""
    if text.isascii():  # nothing to fold but its case: a tenth of the time
        return [word[:_LONGEST] for word in _WORD.findall(text.lower())]
    words: list[str] = []
    for word in _WORD.findall(normalise(text)):
        start = 0
        for run in _PAIRED.finditer(word):
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
    """What `to_tsvector('simple', …)` is given: words and blanks, nothing that Postgres' parser would take apart."""
    return " ".join(words_of(plain))
