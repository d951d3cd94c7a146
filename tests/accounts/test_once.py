"""Parts of pages that are drawn once: what is in them can't be somebody's."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation


def test_what_is_drawn_once_knows_nothing_of_the_page() -> None:
    template = Template(
        "{% load once %}{{ name }}{% once %}[{{ name }}{{ user }}{{ request.path }}]{% endonce %}"
    )
    drawn = [template.render(Context({"name": name, "user": name, "request": name})) for name in "ab"]
    assert drawn == ["a[]", "b[]"]


def test_nor_of_the_request_by_way_of_context_processors() -> None:
    from django.template import engines

    template = engines["django"].from_string(
        "{% load once %}{% once %}[{{ request.path }}{{ csp_nonce }}{{ user }}{% csrf_token %}]{% endonce %}"
    )
    assert template.render({}, RequestFactory().get("/secret/")) == "[]"


def test_each_language_has_its_own() -> None:
    template = Template(
        "{% load once i18n %}{% once %}{% get_current_language as code %}{{ code }}{% endonce %}"
    )
    drawn = []
    for language in ("en", "de", "en"):
        with translation.override(language):
            drawn.append(template.render(Context()))
    assert drawn == ["en", "de", "en"]


def test_parts_of_it_are_drawn_too() -> None:
    template = Template(
        "{% load once static %}{% once %}{% include 'chat/dialogs.html' %}{% endonce %}|"
        "{% once %}{% static 'parley/mark.svg' %}{% endonce %}"
    )
    first, again = template.render(Context()), template.render(Context())
    assert 'id="switcher"' in first
    assert first == again


def test_it_takes_no_arguments() -> None:
    with pytest.raises(TemplateSyntaxError):
        Template("{% load once %}{% once user %}{% endonce %}")
