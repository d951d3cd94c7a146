"""Whom a text names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

ROOM, HERE = "room", "here"

# Not inside a word, so that e-mail addresses stay what they are.
_SIGN = re.compile(r"(?<![^\W_])(?<!\w_)(?<![@./+-])@(?=\*\*|\w)")
_EXACT = re.compile(r"@\*\*(?P<name>[^*|\n]{1,80})(?:\|p(?P<id>[1-9][0-9]{0,18}))?\*\*")
_WORD = re.compile(r"\w[\w.'’-]{0,79}")
_ENDING = re.compile(r"[._'’-]+[^\W_]*\Z")
_LONGEST = 90  # characters after the sign that may be a name; names have at most 80


def names_in(texts: Iterable[str]) -> set[str]:
    """All that `texts` may mean by a name, folded and without blanks; nobody else's name has to be looked up.

    Somebody whom `People.find` finds has a first name or a whole name, so folded, that is among them.
    """
    found: set[str] = set()
    for text in texts:
        plain = text.replace("\\|", "|")  # in a table it is written so
        for sign in _SIGN.finditer(plain):
            at = sign.start()
            if exact := _EXACT.match(plain, at):
                found.add(_squashed(exact["name"]))
            elif not several(plain, at):
                for before, word in _words_after(plain, at + 1, len(plain), _LONGEST):
                    found.update(_squashed(before + ended) for ended in _shorter(word))
    return found


def several(text: str, at: int) -> str:
    """ROOM or HERE, where the `@` at `at` is that of `@room` or `@here`; else ""."""
    word = _WORD.match(text, at + 1)
    said = word[0].rstrip("._'’-").lower() if word else ""
    return said if said in (ROOM, HERE) else ""


def is_sign(text: str, at: int) -> bool:
    """Whether the character at `at` is an `@` with which a name may begin."""
    return _SIGN.match(text, at) is not None


def _shorter(word: str) -> Iterator[str]:
    """`word`, then without what ends it: "@alice." and "@alice's" mean Alice."""
    yield word
    while (shorter := _ENDING.sub("", word)) not in ("", word):
        word = shorter
        yield word


def _squashed(name: str) -> str:
    return "".join(name.casefold().split())


def _words_after(text: str, start: int, end: int, most: int) -> list[tuple[str, str]]:
    """What follows the sign, as (all before, last word) for one word, two words and so on up to `most`."""
    end = min(end, start + _LONGEST)
    found: list[tuple[str, str]] = []
    position = start
    while len(found) < most and (word := _WORD.match(text, position, end)):
        found.append((text[start:position], word[0]))
        position = word.end()
        if not text.startswith(" ", position):
            break
        position += 1
    return found


class People:
    """Finds people, and groups of them by their handles, by the ways in which a text can name them."""

    def __init__(self, people: Iterable[tuple[int, str]], groups: Iterable[tuple[int, str]] = ()) -> None:
        self._names: dict[int, str] = dict(people)
        self._groups = {handle: group_id for group_id, handle in groups}
        self._full: defaultdict[str, list[int]] = defaultdict(list)
        self._short: defaultdict[str, set[int]] = defaultdict(set)
        self._most_words = 1
        for person_id, name in self._names.items():
            words = name.casefold().split()
            self._full[" ".join(words)].append(person_id)
            self._short["".join(words)].add(person_id)
            self._short[words[0] if words else ""].add(person_id)
            self._most_words = max(self._most_words, len(words))

    def name(self, person_id: int) -> str:
        """How they are called. Raises KeyError for a stranger."""
        return self._names[person_id]

    def find(self, text: str, at: int, end: int) -> tuple[int, str, int] | None:
        """The (id, name) that the `@` at `at` means, and how many characters before `end` say so; None for nobody.

        `@**Name**` and `@**Name|p3**` are exact. Else the longest full name that follows counts, then a first name
        or a whole name without its blanks; always only if it is one person's.
        """
        if exact := _EXACT.match(text, at, end):
            found = self._by_full(exact["name"], exact["id"])
            return None if found is None else (found, self._names[found], exact.end() - at)
        if not self._names:
            return None
        for before, word in reversed(_words_after(text, at + 1, end, self._most_words)):
            for ended in _shorter(word):
                person_id = self._by_words(before, ended)
                if person_id is not None:
                    return person_id, self._names[person_id], 1 + len(before) + len(ended)
        return None

    def find_group(self, text: str, at: int, end: int) -> tuple[int, str, int] | None:
        """The group's (id, handle) that the `@` at `at` means, and how many characters say so; None for none."""
        if not self._groups:
            return None
        for _, word in _words_after(text, at + 1, end, 1):
            for ended in _shorter(word):
                handle = ended.casefold()
                if handle in self._groups:
                    return self._groups[handle], handle, 1 + len(ended)
        return None

    def _by_words(self, before: str, word: str) -> int | None:
        """Somebody who is called just that before somebody who is also called that."""
        found = self._by_full(before + word, None)
        if found is None and not before:
            people = self._short.get(word.casefold(), set())
            return next(iter(people)) if len(people) == 1 else None
        return found

    def _by_full(self, name: str, wanted: str | None) -> int | None:
        found = self._full.get(" ".join(name.casefold().split()), [])
        if wanted is not None:
            return int(wanted) if int(wanted) in found else None
        return found[0] if len(found) == 1 else None
