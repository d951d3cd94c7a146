"""The token that pages carry: Django takes it, no two are alike, and its cookie is not sent with each page."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.middleware.csrf import _does_token_match
from django.test import Client, RequestFactory

from accounts.csrf import page_token

ClientOf = Callable[[Any], Client]
SECRET = "a1B2" * 8


def careful(browser: Client) -> Client:
    """The same browser, before a server that asks for tokens, which tests otherwise do without."""
    browser.handler.enforce_csrf_checks = True
    return browser


def token_on(browser: Client, path: str) -> str:
    page = browser.get(path, headers={"accept": "text/html"})
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page.content.decode())
    assert found
    return found[1]


def test_a_form_posted_with_a_pages_token_is_taken(bob: Any, client_of: ClientOf) -> None:
    browser = careful(client_of(bob))
    for path in ("/search/", "/sidebar/"):
        token = token_on(browser, path)
        sent = browser.post("/sections/", {"name": path, "csrfmiddlewaretoken": token})
        assert sent.status_code < 400, sent.content
    spoilt = ("b" if token[0] == "a" else "a") + token[1:]
    for wrong in (spoilt, token[:-1], ""):
        assert browser.post("/sections/", {"name": "No", "csrfmiddlewaretoken": wrong}).status_code == 403


def test_each_page_has_another_token_for_the_same_secret() -> None:
    request = RequestFactory().get("/")
    request.META["CSRF_COOKIE"] = SECRET
    tokens = {page_token(request) for _ in range(200)}
    assert len(tokens) == 200
    assert all(_does_token_match(token, SECRET) for token in tokens)
    # The masks take every letter about as often: 200 of them have 6,400, so 103 of each.
    letters = "".join(token[:32] for token in tokens)
    assert len(set(letters)) == 62
    assert all(50 < letters.count(letter) < 170 for letter in set(letters))


def test_the_cookie_comes_with_the_first_page_and_not_with_each(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    first, second = browser.get("/sidebar/"), browser.get("/sidebar/")
    assert settings.CSRF_COOKIE_NAME in first.cookies
    assert settings.CSRF_COOKIE_NAME not in second.cookies


def test_a_session_that_is_used_again_renews_the_cookie(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    browser.cookies[settings.CSRF_COOKIE_NAME] = SECRET
    cookie = browser.get("/sidebar/").cookies[settings.CSRF_COOKIE_NAME]
    assert cookie.value == SECRET
    assert cookie["max-age"] == settings.CSRF_COOKIE_AGE
