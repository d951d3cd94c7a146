"""Entries that are filled into their template's shape look as if the template had drawn each of them."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from chat.views.stencils import Stencil

FIELDS = ("key", "unread", "mentions", "read", "messages", "name")
ROOM = "chat/sidebar_lines.html#room"


@pytest.mark.parametrize("name", ["Design", "100 % <b>&amp;'\"", "%(key)s", "\ue000key\ue001", "日本"])
@pytest.mark.parametrize("private", [False, True])
def test_a_filled_entry_is_what_the_template_draws(name: str, private: bool) -> None:
    values: dict[str, Any] = {"key": "r5", "unread": 3, "mentions": 1, "read": 2, "messages": 5, "name": name}
    choices = {"is_private": private, "is_unread": True, "is_mentioned": False, "is_current": False}
    filled = Stencil(ROOM, *FIELDS).fill([(values, choices)])
    assert filled == render_to_string(ROOM, {**values, **choices})


def test_each_choice_and_each_language_has_a_shape() -> None:
    stencil = Stencil(ROOM, *FIELDS)
    values: dict[str, Any] = {
        "key": "r5",
        "unread": 3,
        "mentions": 1,
        "read": 2,
        "messages": 5,
        "name": "Design",
    }

    def drawn(**choices: bool) -> str:
        return stencil.fill([(values, {"is_private": True, "is_unread": True, **choices})])

    assert "current" not in drawn(is_current=False)
    assert 'aria-current="page"' in drawn(is_current=True)
    assert ">private<" in drawn(is_current=True)
    with translation.override("de"):
        assert drawn(is_current=True) == drawn(is_current=True)
