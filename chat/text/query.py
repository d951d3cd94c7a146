"""What people type into search."""

import re
from dataclasses import dataclass

from chat.text.index import words_of

_PART = re.compile(
    r'(?P<not>-)?(?:(?P<operator>from|in):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>\S+))', re.IGNORECASE
)
MOST_PARTS = 30


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search taken apart: words and phrases to find, some to leave out, who said it (`from:`) and where (`in:`)."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    from_: tuple[str, ...] = ()
    in_: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.phrases or self.from_ or self.in_)

    @property
    def terms(self) -> list[str]:
        """The words to highlight, as they are indexed; the last may be the beginning of one."""
        return [word for part in (*self.words, *self.phrases) for word in words_of(part)]

    @property
    def tsquery(self) -> str:
        """For `to_tsquery('simple', …)`: built of letters and digits only, so nothing typed is an operator of it."""
        parts = []
        for number, word in enumerate(self.words):
            parts += _all(word, prefix=number == len(self.words) - 1)
        parts += [_phrase(phrase) for phrase in self.phrases if words_of(phrase)]
        parts += [f"!({_phrase(word)})" for word in self.excluded if words_of(word)]
        return " & ".join(parts)


def parse(text: str) -> SearchQuery:
    """Take a search apart; never fails, whatever was typed."""
    parts: dict[str, list[str]] = {"words": [], "phrases": [], "excluded": [], "from_": [], "in_": []}
    for match in list(_PART.finditer(text))[:MOST_PARTS]:
        value = (match["phrase"] if match["phrase"] is not None else match["word"]).strip()
        operator = (match["operator"] or "").lower()
        if not value:
            continue
        if operator:
            parts[f"{operator}_"].append(value.lstrip("@#") or value)
        elif match["not"]:
            parts["excluded"].append(value)
        else:
            parts["phrases" if match["phrase"] is not None else "words"].append(value)
    return SearchQuery(**{name: tuple(values) for name, values in parts.items()})


def _all(word: str, *, prefix: bool) -> list[str]:
    lexemes = words_of(word)
    if not lexemes:
        return []
    if len(lexemes) > 1:
        return [_phrase(word)]
    return [f"'{lexemes[0]}'{':*' if prefix else ''}"]


def _phrase(text: str) -> str:
    return " <-> ".join(f"'{word}'" for word in words_of(text))
