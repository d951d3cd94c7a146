"""Requests through the ASGI application: one thread each, of a bounded pool, which keeps nothing of them."""

import asyncio
import itertools
import os
import select
import threading
from typing import Any

import psycopg
import pytest
from channels.testing import HttpCommunicator
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.urls import get_urlconf
from django.utils import timezone
from psycopg.pq import TransactionStatus

from chat.models import Room
from config.asgi import application
from tenants.connection import connection
from tenants.http import AT_ONCE, HttpHandler
from tenants.middleware import OrganisationMiddleware
from tests.sockets import aside, session_cookie

PATIENCE = 10.0


async def ask(person: Any, path: str, app: Any = application) -> dict[str, Any]:
    (answer,) = await ask_in_turn([person], path, app)
    return answer


async def ask_in_turn(people: list[Any], path: str, app: Any) -> list[dict[str, Any]]:
    """Their answers, asked for at once and in this order."""
    asked = [await asking(person, path, app) for person in people]
    return await asyncio.gather(*(one.get_response(timeout=PATIENCE) for one in asked))


async def asking(person: Any, path: str, app: Any, *more: tuple[bytes, bytes]) -> HttpCommunicator:
    """A request of a person who has signed in, which is still to be sent."""
    session = await aside(session_cookie, person)
    headers = [
        (b"host", person.organisation.host.encode()),
        (b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()),
    ]
    return HttpCommunicator(app, "GET", path, headers=[*headers, *more])


@pytest.fixture
def handler() -> HttpHandler:
    return HttpHandler()


def standing() -> tuple[Any, ...]:
    """What a thread would carry into its next request."""
    return connection.schema_name, connection.connection, get_urlconf(), timezone.get_current_timezone_name()


class _Standing:
    """Work of a lane that tells how its thread stands."""

    do = staticmethod(standing)

    def __init__(self) -> None:
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def done(self, answer: Any, error: BaseException | None) -> None:
        self.answer.set_result(answer)


@pytest.fixture
def one_lane(monkeypatch: pytest.MonkeyPatch) -> HttpHandler:
    """Serves one request after the other, on one thread while there are more."""
    monkeypatch.setattr("tenants.http.AT_ONCE", 1)
    monkeypatch.setattr("tenants.http.PATIENCE", PATIENCE)
    return HttpHandler()


def where() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_backend_pid(), current_schema(), current_user, replace(current_setting('search_path'), ' ', ''), "
            "current_setting('statement_timeout')"
        )
        return " ".join(map(str, cursor.fetchone()))


def draws(monkeypatch: pytest.MonkeyPatch, *functions: Any) -> None:
    """Let /sidebar/ answer what these return, in turn."""
    turns = itertools.cycle(functions)
    monkeypatch.setattr("chat.views.workspace.only_sidebar", lambda *_: next(turns)())


@pytest.mark.parametrize(("path", "status"), [("/rooms/", 200), ("/nothing/", 404), ("/sidebar/", 500)])
async def test_a_thread_keeps_nothing_of_a_request(
    alice: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    def broken(*args: Any) -> Any:
        Room.objects.count()
        raise RuntimeError

    if status == 500:
        monkeypatch.setattr("chat.views.shell.sidebar_of", broken)
    answer = await ask(alice, path, handler)
    assert answer["status"] == status
    after = _Standing()
    handler._lanes.put(after)
    schema, kept, urlconf, zone = await after.answer
    assert (schema, urlconf, zone) == ("public", None, "UTC")
    assert kept is None or kept.info.transaction_status == TransactionStatus.IDLE


async def test_requests_that_follow_each_other_share_a_connection_each_in_its_own_organisation(
    alice: Any, mallory: Any, one_lane: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws(monkeypatch, where)
    people = [alice, mallory, alice, alice, mallory]
    answers = await ask_in_turn(people, "/sidebar/", one_lane)
    found = [answer["body"].decode().split() for answer in answers]
    schemas = [person.organisation.schema_name for person in people]
    assert [(schema, role) for _, schema, role, *_ in found] == [(one, one) for one in schemas]
    assert [path for *_, path, _ in found] == [f"{one},public,pg_temp" for one in schemas]
    assert {timeout for *_, timeout in found} == {"15s"}
    assert len({pid for pid, *_ in found}) == 1
    assert len(one_lane._threads._threads) == 1


def _broken() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select 1 / 0")
    return ""


def _half_done() -> str:
    connection.connection.execute("begin")
    connection.connection.execute("update accounts_person set name = 'Nobody'")
    return where()


def _ended() -> str:
    """Answers, and then Postgres ends its connection."""
    found = where()
    own = connection.connection
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s)", [own.info.backend_pid])
    poll = select.poll()
    poll.register(own.fileno(), select.POLLIN)
    assert poll.poll(PATIENCE * 1000)
    return found


@pytest.mark.parametrize("before", [_broken, _half_done, _ended])
async def test_nothing_that_happened_to_a_connection_reaches_the_next_request(
    alice: Any, bob: Any, mallory: Any, one_lane: HttpHandler, monkeypatch: pytest.MonkeyPatch, before: Any
) -> None:
    def name() -> str:
        with connection.cursor() as cursor:
            cursor.execute("select name from accounts_person where id = %s", [bob.pk])
            return f"{where()} {cursor.fetchone()}"

    draws(monkeypatch, before, where, name)
    first, second, third = await ask_in_turn([alice, mallory, alice], "/sidebar/", one_lane)
    assert first["status"] == (500 if before is _broken else 200)
    assert (second["status"], third["status"]) == (200, 200)
    assert second["body"].split()[1] == mallory.organisation.schema_name.encode()
    assert b"Bob" in third["body"]
    assert second["body"].split()[0] == third["body"].split()[0]


async def test_what_comes_back_closed_is_whole(alice: Any, room: Room) -> None:
    page = await ask(alice, f"/rooms/r{room.pk}/")
    assert page["body"].rstrip().endswith(b"</html>")
    assert page["status"] == 200


async def test_a_long_answer_is_sent_in_one_piece(
    alice: Any, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws(monkeypatch, lambda: "x" * 200_000)
    pieces: list[bytes] = []

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def counted(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                pieces.append(message["body"])
            await send(message)

        await handler(scope, receive, counted)

    answer = await ask(alice, "/sidebar/", counting)
    assert [len(piece) for piece in pieces] == [200_000] == [len(answer["body"])]


async def test_a_file_is_read_to_its_end(alice: Any, handler: HttpHandler) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", alice.organisation.host.encode())]
    path = "/static/parley/mark.svg"
    await handler({"type": "http", "method": "GET", "path": path, "headers": headers}, receive, send)
    assert sent[0]["status"] == 200
    assert b"".join(message.get("body", b"") for message in sent).rstrip().endswith(b"</svg>")


async def test_more_requests_than_threads_wait_their_turn(
    alice: Any, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = handler._threads._max_workers
    full = threading.Barrier(most + 1)
    running: set[int] = set()

    def slow(self: Any, request: Any, organisation: Any) -> HttpResponse:
        running.add(threading.get_ident())
        if request.path == "/held/":
            full.wait(PATIENCE)
        return HttpResponse(str(len(running)))

    monkeypatch.setattr(OrganisationMiddleware, "_inside", slow)
    held = [asyncio.create_task(ask(alice, "/held/", handler)) for _ in range(most)]
    late = [asyncio.create_task(ask(alice, "/late/", handler)) for _ in range(5)]
    await asyncio.to_thread(full.wait, PATIENCE)
    answers = await asyncio.gather(*held, *late)
    assert {answer["status"] for answer in answers} == {200}
    assert len(running) <= most


async def test_one_that_takes_long_holds_up_nobody(
    alice: Any, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few are under way at once."""
    goes_on = threading.Event()

    def slow(self: Any, request: Any, organisation: Any) -> HttpResponse:
        if request.path == "/held/":
            goes_on.wait(PATIENCE)
        return HttpResponse()

    monkeypatch.setattr(OrganisationMiddleware, "_inside", slow)
    held = [asyncio.create_task(ask(alice, "/held/", handler)) for _ in range(AT_ONCE)]
    for _ in range(5):
        await asyncio.wait_for(ask(alice, "/late/", handler), PATIENCE / 2)
    assert not any(one.done() for one in held)
    goes_on.set()
    await asyncio.gather(*held)


async def test_who_leaves_before_the_body_is_there_costs_no_thread(handler: HttpHandler) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    await handler({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
    assert not handler._threads._threads


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_long_is_not_read_to_its_end(
    alice: Any, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    monkeypatch.setattr(settings, "LARGEST_BODY", 1000)
    heard, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal heard
        heard += 1
        return {"type": "http.request", "body": bytes(400), "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", alice.organisation.host.encode())]
    if announced:
        headers.append((b"content-length", b"1001"))
    await handler({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive, send)
    assert sent[0]["status"] == 413
    assert heard == (0 if announced else 3)


async def test_djangos_own_handler_gives_connections_back(alice: Any) -> None:
    def in_use() -> int:
        stats = connection.pool.get_stats()
        return stats["pool_size"] - stats["pool_available"]

    handler = ASGIHandler()
    await ask(alice, "/sidebar/", handler)
    before = in_use()
    for _ in range(3):
        assert (await ask(alice, "/sidebar/", handler))["status"] == 200
    async with asyncio.timeout(10):  # the pool opens connections, and takes back, on threads of its own
        while in_use() > before + 1:  # noqa: ASYNC110 - it tells nobody; one may be somebody else's: a leak is three
            await asyncio.sleep(0.01)
