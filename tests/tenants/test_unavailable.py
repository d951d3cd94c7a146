"""While Postgres gives no answer, a request says so, and that the same may be asked again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from psycopg_pool import PoolTimeout

from config.asgi import application
from tenants import hosts
from tenants.connection import connection
from tests.tenants.test_http import PATIENCE, ask, asking

HTML = (b"accept", b"text/html")


@contextmanager
def no_connections() -> Iterator[None]:
    """All of the pool's are taken."""
    pool, taken = connection.pool, []
    before = pool.timeout
    try:
        with suppress(PoolTimeout):  # once those have come that lanes without work still kept (tenants.lanes)
            while True:
                taken.append(pool.getconn(timeout=0.2))
        pool.timeout = 0.1
        yield
    finally:
        pool.timeout = before
        for one in taken:
            pool.putconn(one)


async def _answer(person: Any, *headers: tuple[bytes, bytes], is_known: bool = True) -> dict[str, Any]:
    if is_known:
        await ask(person, "/sidebar/")  # this process knows the organisation
    asked = await asking(person, "/sidebar/", application, *headers)
    with no_connections():
        return await asked.get_response(timeout=PATIENCE)


async def test_a_page_says_that_the_workspace_will_be_back(alice: Any) -> None:
    answer = await _answer(alice, HTML)
    assert answer["status"] == 503
    assert (b"Retry-After", b"5") in answer["headers"]
    assert "answer just now" in answer["body"].decode()
    assert (await ask(alice, "/sidebar/"))["status"] == 200


async def test_it_says_so_in_the_readers_language(alice: Any) -> None:
    answer = await _answer(alice, HTML, (b"accept-language", b"de"))
    assert '<html lang="de">' in answer["body"].decode()


async def test_a_script_reads_what_happened(alice: Any) -> None:
    for headers in ([], [HTML, (b"hx-request", b"true")]):
        answer = await _answer(alice, *headers)
        assert answer["status"] == 503
        assert json.loads(answer["body"])["error"]["code"] == "unavailable"


async def test_an_organisation_that_is_not_known_yet_is_none_that_does_not_exist(alice: Any) -> None:
    hosts.forget()
    assert (await _answer(alice, HTML, is_known=False))["status"] == 503


async def test_what_is_our_own_fault_is_no_such_thing(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.views.workspace.only_sidebar", lambda *_: 1 / 0)
    asked = await asking(alice, "/sidebar/", application, HTML)
    answer = await asked.get_response(timeout=PATIENCE)
    assert answer["status"] == 500
    assert "Something went wrong" in answer["body"].decode()
