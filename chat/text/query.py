"""What people type into search, taken apart. Pure: whom and what its values mean is found by `chat.search`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chat.text.dates import span_of
from chat.text.index import PAIRED, words_of

_PART = re.compile(
    r'(?P<not>-)?(?:(?P<operator>[a-z]{2,12}):(?!//))?(?:"(?P<phrase>[^"]*)"?|(?P<word>\S+))', re.IGNORECASE
)
_BARE = re.compile(r"-?([a-z]{2,12}):", re.IGNORECASE)
MOST_PARTS = 30
OPERATORS = ("from", "in", "has", "is", "before", "after", "during")
HAS = ("link", "file", "image", "video", "reaction", "pin", "thread", "poll", "todo")
IS = ("thread", "pinned", "edited", "saved", "direct")
_DATED = ("before", "after", "during")
# Other words that people bring along.
_ALIASES = {
    ("has", "links"): "link", ("has", "url"): "link", ("has", "files"): "file", ("has", "attachment"): "file",
    ("has", "images"): "image", ("has", "picture"): "image", ("has", "photo"): "image", ("has", "videos"): "video",
    ("has", "reactions"): "reaction", ("has", "emoji"): "reaction", ("has", "pins"): "pin", ("has", "threads"): "thread",
    ("has", "replies"): "thread", ("has", "polls"): "poll", ("has", "todos"): "todo", ("has", "list"): "todo", ("is", "reply"): "thread", ("is", "pin"): "pinned", ("is", "dm"): "direct",
}  # fmt: skip
_ANY_DAY = date(2000, 1, 1)  # whether something is a date does not depend on it


@dataclass(frozen=True, slots=True)
class Filter:
    """`-from:ada` is Filter("from", "ada", negated=True)."""

    operator: str
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What was not understood. `kind`: "operator" (there is none called `value`: searched as words), "missing" (`value` is
    an operator without its value), or the operator ("has", "is", "before" …) to which `value` means nothing.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search taken apart: words and phrases to find, some to leave out, and what narrows it down."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing in it says what to look for; leaving out alone does not."""
        return not self.terms and not self.filters

    @property
    def terms(self) -> list[str]:
        """The words to highlight, as they are indexed; the last may be the beginning of one."""
        return [word for part in (*self.words, *self.phrases) for word in words_of(part)]

    @property
    def single_words(self) -> list[str]:
        """Those that may be found in another form, or as a part of another word: no phrases, nothing paired."""
        found = (words_of(word) for word in self.words)
        return [words[0] for words in found if len(words) == 1 and not PAIRED.search(words[0])]

    @property
    def tsquery(self) -> str:
        """For `to_tsquery('simple', …)`: built of letters and digits only, so nothing typed is an operator of it."""
        return self.widened({})

    @property
    def exact(self) -> str:
        """As `tsquery`, but the last word is complete."""
        return self.widened({}, begins=False)

    def widened(self, meant: Mapping[str, Sequence[str]], *, begins: bool = True) -> str:
        """As `tsquery`, but for each word those `meant` by it do as well. Phrases and exclusions are exact; the last word
        is only the beginning of one where it `begins`."""
        parts = []
        for number, word in enumerate(self.words):
            parts += _any_form(word, meant, prefix=begins and number == len(self.words) - 1)
        parts += [_phrase(phrase) for phrase in self.phrases if words_of(phrase)]
        parts += [f"!({_phrase(word)})" for word in self.excluded if words_of(word)]
        return " & ".join(parts)

    def of(self, operator: str) -> list[Filter]:
        """What narrows it down by `operator`."""
        return [one for one in self.filters if one.operator == operator]


def parse(text: str) -> SearchQuery:
    """Take a search apart; never fails, whatever was typed."""
    words: list[str] = []
    phrases: list[str] = []
    excluded: list[str] = []
    filters: list[Filter] = []
    problems: list[Problem] = []
    for match in list(_PART.finditer(text))[:MOST_PARTS]:
        quoted = match["phrase"] is not None
        value = (match["phrase"] if quoted else match["word"]).strip()
        operator = (match["operator"] or "").lower()
        if not value:
            continue
        if operator in OPERATORS:
            known = _known(operator, value)
            if known is None:
                problems.append(Problem(operator, value))
            else:
                filters.append(Filter(operator, known, negated=bool(match["not"])))
        elif not quoted and (bare := _BARE.fullmatch(match[0])) and bare[1].lower() in OPERATORS:
            problems.append(Problem("missing", bare[1].lower()))
        else:
            if operator:
                problems.append(Problem("operator", operator))
                value = f"{operator} {value}"
            (excluded if match["not"] else phrases if quoted or operator else words).append(value)
    return SearchQuery(tuple(words), tuple(phrases), tuple(excluded), tuple(filters), tuple(problems))


def _known(operator: str, value: str) -> str | None:
    """The value as the operator knows it; None when it means nothing to it."""
    if operator in _DATED:
        return value if span_of(value, _ANY_DAY) else None
    if operator in ("has", "is"):
        folded = value.casefold()
        folded = _ALIASES.get((operator, folded), folded)
        return folded if folded in (HAS if operator == "has" else IS) else None
    return value


def _any_form(word: str, meant: Mapping[str, Sequence[str]], *, prefix: bool) -> list[str]:
    lexemes = words_of(word)
    if not lexemes:
        return []
    if len(lexemes) > 1:
        return [_phrase(word)]
    (lexeme,) = lexemes
    # One character of a run stands at the beginning of a pair.
    prefix = prefix or (len(lexeme) == 1 and PAIRED.match(lexeme) is not None)
    forms = [f"'{lexeme}'{':*' if prefix else ''}", *(f"'{other}'" for other in meant.get(lexeme, ()))]
    return [f"({' | '.join(forms)})" if len(forms) > 1 else forms[0]]


def _phrase(text: str) -> str:
    lexemes = words_of(text)
    if len(lexemes) == 1 and len(lexemes[0]) == 1 and PAIRED.match(lexemes[0]):
        return f"'{lexemes[0]}':*"
    return " <-> ".join(f"'{word}'" for word in lexemes)
