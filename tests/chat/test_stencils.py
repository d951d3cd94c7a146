"""Entries that are filled into their template's shape look as if the template had drawn each of them."""

import itertools

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import mark_safe

from chat.views.stencils import PageStencil, Stencil

ROOM = "chat/sidebar_lines.html#room"
FIELDS = ("key", "unread", "mentions", "read", "messages", "name")
VALUES = {"key": "r5", "unread": 3, "mentions": 1, "read": 2, "messages": 5, "name": "Design"}
CHOICES = ("is_private", "is_unread", "is_mentioned", "is_current")


@pytest.mark.parametrize("name", ["Design", "100 % <b>&amp;'\"", "%(key)s", "\ue000key\ue001", "日本"])
@pytest.mark.parametrize("private", [False, True])
def test_a_filled_entry_is_what_the_template_draws(name: str, private: bool) -> None:
    values = {**VALUES, "name": name}
    choices = {"is_private": private, "is_unread": True, "is_mentioned": False, "is_current": False}
    stencil = Stencil(ROOM, fields=FIELDS, choices=CHOICES)
    drawn = render_to_string(ROOM, {**values, **choices})
    assert stencil.fill_one(values, choices) == drawn
    assert stencil.fill([(tuple(values.values()), tuple(choices.values()))] * 2) == drawn * 2


def test_entries_of_different_shapes_keep_their_order_and_their_values() -> None:
    stencil = Stencil(ROOM, fields=FIELDS, choices=CHOICES)
    names = ("One", "100 %s", "<b>")
    entries = [
        (tuple({**VALUES, "key": f"r{number}", "name": name}.values()), (number == 1, True, False, False))
        for number, name in enumerate(names)
    ]
    assert stencil.fill(entries) == "".join(stencil.fill([one]) for one in entries)
    assert stencil.fill([]) == ""


def test_what_is_escaped_already_is_filled_in_as_it_is() -> None:
    stencil = Stencil(ROOM, fields=FIELDS, choices=CHOICES)
    chosen = (False, True, False, False)
    escaped = tuple({**VALUES, "name": "&lt;b&gt;"}.values())
    written = tuple({**VALUES, "name": "<b>"}.values())
    assert stencil.fill_escaped([(escaped, chosen)]) == stencil.fill([(written, chosen)])


@pytest.mark.parametrize("kind", [str, int])
def test_what_writes_itself_otherwise_is_escaped_as_it_is_written(kind: type) -> None:
    sly = type("Sly", (kind,), {"__str__": lambda _: "<script>"})(7)
    stencil = Stencil(ROOM, fields=FIELDS, choices=CHOICES)
    values = tuple({**VALUES, "name": sly}.values())
    assert "&lt;script&gt;" in stencil.fill([(values, (False, True, False, False))])


@pytest.mark.parametrize("name", ["Design", "100 % <b>&amp;'\"", "\ue000key\ue001", "日本"])
def test_a_page_is_what_the_template_draws_in_utf_8(name: str) -> None:
    values = {**VALUES, "name": name}
    choices = dict.fromkeys(CHOICES, True)
    page = PageStencil(ROOM, fields=FIELDS, choices=CHOICES).fill(values, choices)
    assert page == render_to_string(ROOM, {**values, **choices}).encode()
    bare = PageStencil("chat/page_header.html", fields=())
    assert bare.fill({}, {}) == render_to_string("chat/page_header.html").encode()


def test_only_what_is_not_safe_is_escaped() -> None:
    stencil = Stencil(
        "chat/sidebar_lines.html#section", fields=("key", "name", "lines"), choices=("has_lines",)
    )
    filled = stencil.fill([(("s1", "<b>", mark_safe("<li>One</li>")), (True,))])
    assert "&lt;b&gt;" in filled
    assert "<li>One</li>" in filled


def test_each_choice_and_each_language_has_a_shape() -> None:
    stencil = Stencil(ROOM, fields=FIELDS, choices=("is_private", "is_unread", "is_current"))

    def drawn(*, is_current: bool) -> str:
        choices = {"is_private": True, "is_unread": True, "is_current": is_current}
        return stencil.fill_one(VALUES, choices)

    assert "current" not in drawn(is_current=False)
    assert 'aria-current="page"' in drawn(is_current=True)
    assert ">private<" in drawn(is_current=True)
    english = drawn(is_current=True)
    for language in ("de", "fr", "en", "es", "it", "nl", "pl", "pt", "fi", "da", "de", "en"):
        with translation.override(language):
            assert drawn(is_current=True) == drawn(is_current=True)
    assert drawn(is_current=True) == english


def test_few_shapes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.views.stencils._MOST_SHAPES", 2)
    stencil = Stencil(ROOM, fields=FIELDS, choices=CHOICES)
    every = [dict(zip(CHOICES, chosen, strict=True)) for chosen in itertools.product([False, True], repeat=4)]
    for choices in every * 2:
        assert stencil.fill_one(VALUES, choices) == render_to_string(ROOM, {**VALUES, **choices})
        assert len(stencil.shapes()) <= 2


def test_a_template_may_show_none_or_one_of_its_fields() -> None:
    heading = Stencil("chat/page_header.html", fields=("title",))
    assert "<h1>100 % &lt;b&gt;</h1>" in heading.fill([(("100 % <b>",), ())])
    assert heading.fill([(("",), ())]) == Stencil("chat/page_header.html", fields=()).fill([((), ())])
