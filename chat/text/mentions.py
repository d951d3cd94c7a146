"""Whom a text names."""

import re
from collections import defaultdict
from collections.abc import Iterable

# `@**Full Name**`, `@**Full Name|p3**` or `@word`; not inside a word, so that e-mail addresses stay what they are.
MENTION = re.compile(
    r"(?<![\w@./+-])@(?:\*\*(?P<full>[^*|\n]{1,80})(?:\|p(?P<id>[1-9][0-9]{0,18}))?\*\*|(?P<word>\w[\w.'-]{0,60}))"
)
ROOM = "room"


def candidates(text: str) -> bool:
    """Whether `text` may name a person, so that people have to be looked up."""
    return any((match["word"] or "").lower() != ROOM for match in MENTION.finditer(text))


class People:
    """Finds people by the ways in which a text can name them."""

    def __init__(self, people: Iterable[tuple[int, str]]) -> None:
        self._names: dict[int, str] = dict(people)
        self._full: defaultdict[str, list[int]] = defaultdict(list)
        self._short: defaultdict[str, set[int]] = defaultdict(set)
        for person_id, name in self._names.items():
            folded = " ".join(name.casefold().split())
            self._full[folded].append(person_id)
            self._short[folded.replace(" ", "")].add(person_id)
            self._short[folded.split(" ")[0]].add(person_id)

    def find(self, match: "re.Match[str]") -> tuple[int, str, int] | None:
        """The (id, name) that a match of MENTION means, and how many characters it takes; None for nobody."""
        if match["full"] is not None:
            person_id = self._by_full(match["full"], match["id"])
            return (
                None
                if person_id is None
                else (person_id, self._names[person_id], match.end() - match.start())
            )
        word = match["word"]
        while word:  # "@alice." and "@alice's" mean Alice
            found = self._short.get(word.casefold(), set())
            if len(found) == 1:
                (person_id,) = found
                return person_id, self._names[person_id], len(word) + 1
            shorter = re.sub(r"[.'-]+\w*\Z", "", word)
            word = shorter if shorter != word else ""
        return None

    def _by_full(self, name: str, wanted: str | None) -> int | None:
        found = self._full.get(" ".join(name.casefold().split()), [])
        if wanted is not None:
            return int(wanted) if int(wanted) in found else None
        return found[0] if len(found) == 1 else None
