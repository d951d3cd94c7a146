"""Every word of every page can be translated: drawn in a language that marks what went through gettext, the rest shows."""

import gettext
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from tests.isolation.asking import browser
from tests.isolation.crawling import paths
from tests.isolation.policies import ORGANISATION
from tests.isolation.twins import ALICE, CAST, DANA, NOBODY, TALK, Twin, words_in

MARKED = "en-xa"  # as browsers' and Android's pseudo-locale
_WORD = re.compile(r"[^\W\d_]{2,}")
_ATTRIBUTES = {"alt", "aria-label", "aria-description", "aria-placeholder", "label", "placeholder", "title"}
# What is called the same in every language, or is somebody's own: names, keys, what one types.
_PEOPLES = {"message", "prose", "emoji", "avatar"}  # classes of what people wrote, or are
_OWN = re.compile(
    r"Parley|Ctrl|Cmd|Alt|Shift|Esc|Del|Home|End|Enter|Tab|"
    rf"{'|'.join(name.title() for name in CAST)}|{TALK}|\w+@[\w.]+|https?://\S+|"
    r"UTC|general|\.txt|[\w.-]+\.(?:localhost|example|txt|png|py)\b|\b\d+ ?(?:kB|KB|MB|GB|px|B)\b|\b[a-z]+:(?=\s|$)"
)


class _Marked(gettext.NullTranslations):
    """A language in which every text is itself, between marks."""

    domain = "django"

    def gettext(self, message: str) -> str:
        text = message.rpartition("\x04")[2]
        return f"⟦{text}⟧" if text.strip() else text

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)

    def language(self) -> str:
        return MARKED

    def to_language(self) -> str:
        return MARKED


class _Texts(HTMLParser):
    """What a page shows or says outside of all marks, beside what people wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[tuple[str, bool]] = []
        self._depth = 0  # of marks: a marked text may have elements in it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        silent = (
            tag in ("script", "style", "kbd", "code", "mark")
            or given.get("name") == "time_zone"  # called by the IANA's names
            or bool(_PEOPLES & set(given.get("class", "").split()))
        )
        if not self._silent():
            spoken = [value for name, value in given.items() if name in _ATTRIBUTES]
            self.found += [unmarked(value)[0] for value in spoken]
        if tag not in ("input", "br", "hr", "img", "link", "meta", "source", "use", "path", "wbr", "col"):
            self._inside.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self._inside:
            opened, _ = self._inside.pop()
            if opened == tag:
                return

    def handle_data(self, data: str) -> None:
        text, self._depth = unmarked(data, self._depth)
        if not self._silent() and text.strip():
            self.found.append(text.strip())

    def _silent(self) -> bool:
        return any(silent for _, silent in self._inside)


def untranslated(page: str) -> set[str]:
    """The texts of a page that no translation could reach."""
    texts = _Texts()
    texts.feed(page)
    return {text for text in texts.found if not words_in(text) and _WORD.search(_OWN.sub(" ", text))}


def unmarked(text: str, depth: int = 0) -> tuple[str, int]:
    """What of a text is outside of all marks, and how many marks are open after it."""
    outside = []
    for character in text:
        depth += (character == "⟦") - (character == "⟧")
        outside.append(character if depth == 0 and character != "⟧" else " ")
    return "".join(outside), depth


@pytest.fixture
def _marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(trans_real._translations, MARKED, _Marked())
    monkeypatch.setattr(translation, "get_language_from_request", lambda *args, **kwargs: MARKED)
    yield
    translation.deactivate()


@pytest.mark.usefixtures("_marked")
@pytest.mark.parametrize("who", [ALICE, DANA, NOBODY])
def test_no_page_shows_a_word_that_can_not_be_translated(twins: tuple[Twin, Twin], who: str) -> None:
    ours, theirs = twins
    asking = browser(who, ours, theirs)
    found: dict[str, str] = {}
    pages = 0
    for route, row in ORGANISATION.items():
        if route.startswith("admin/"):
            continue  # Django's own pages, for operators
        for path in paths(route, row, ours):
            answer = asking.ask("GET", path, headers={"accept": "text/html"})
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            page = answer.body.decode()
            pages += "⟦" in page
            found |= {text: path for text in untranslated(page) if text not in found}
    assert pages > 10
    assert not found, "\n".join(f"{path}: {text}" for text, path in sorted(found.items()))


@pytest.mark.usefixtures("_marked")
def test_the_words_of_scripts_can_be_translated(twins: tuple[Twin, Twin]) -> None:
    ours, theirs = twins
    page = browser(ALICE, ours, theirs).ask("GET", f"/rooms/r{min(ours.rooms.values())}/").body.decode()
    strings: dict[str, Any] = json.loads(page.partition('id="strings">')[2].partition("</script>")[0])
    assert len(strings) > 50
    assert not {name: text for name, text in strings.items() if _WORD.search(unmarked(text)[0])}


def test_a_word_that_was_forgotten_is_found() -> None:
    assert untranslated('<p title="Help">⟦Hello⟧ <b>world</b></p><input placeholder="Name">') == {
        "Help",
        "Name",
        "world",
    }
    assert (
        untranslated("<p>⟦Hello ⟦you⟧⟧, Alice</p><div class='message'>anything</div><kbd>Meta</kbd>") == set()
    )
