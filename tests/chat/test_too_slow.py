"""What takes Postgres too long is given up, and says so calmly; only web requests are in a hurry."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from chat.models import Room
from chat.posts import Posted
from tenants.db import as_owner, in_organisation, leave

Browser = Callable[[Any], Client]
Say = Callable[..., Posted]


@pytest.fixture
def locked(alice: Any, room: Room, say: Say, settings: Any) -> Iterator[Callable[[str], Any]]:
    """`locked(path)` is what Alice is answered while nobody can read any words."""
    say(alice, room, "A heron")
    settings.STATEMENT_SECONDS = 1.0

    def ask(browser: Client, path: str, headers: dict[str, str]) -> Any:
        try:
            return browser.get(path, headers=headers)
        finally:
            leave()

    with in_organisation(alice.organisation), as_owner(), ThreadPoolExecutor(1) as aside:
        browser = Client(headers={"host": alice.organisation.host})
        browser.force_login(alice)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("lock table chat_messagetext in access exclusive mode")
            yield lambda path, **headers: aside.submit(ask, browser, path, headers).result()


def test_a_search_says_what_would_help(locked: Callable[..., Any]) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        answer = locked("/search/?q=heron", **headers)
        assert answer.status_code == 503
        assert "This search took too long. Name a room" in answer.content.decode()
        assert 'value="heron"' in answer.content.decode()
    older = locked("/search/?q=heron&skip=20", **{"HX-Request": "true"}).content.decode()
    assert older.strip().startswith('<li class="result-more">') and "took too long" in older


def test_scripts_are_told_too(locked: Callable[..., Any]) -> None:
    answer = locked("/switcher/messages/?q=heron")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_slow")


def test_nobody_else_is_in_a_hurry(alice: Any, client_of: Browser, settings: Any) -> None:
    def timeout() -> str:
        with connection.cursor() as cursor:
            cursor.execute("show statement_timeout")
            return cursor.fetchone()[0]

    assert client_of(alice).get("/search/?q=x").status_code == 200
    with in_organisation(alice.organisation):
        assert timeout() == "0"
        connection.statement_seconds = 2.5
        try:
            assert timeout() == "2500ms"
        finally:
            connection.statement_seconds = 0.0
        assert timeout() == "0"
    assert timeout() == "0"
