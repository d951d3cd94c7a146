"""Requests through the ASGI application: one thread each, of a bounded pool, which keeps nothing of them."""

import asyncio
import threading
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.conf import settings
from django.http import HttpResponse
from django.urls import get_urlconf
from django.utils import timezone

from chat.models import Room
from config.asgi import application
from tenants.connection import connection
from tenants.http import HttpHandler
from tenants.middleware import OrganisationMiddleware
from tests.sockets import aside, session_cookie

PATIENCE = 10.0


async def ask(person: Any, path: str, app: Any = application) -> dict[str, Any]:
    session = await aside(session_cookie, person)
    headers = [
        (b"host", person.organisation.host.encode()),
        (b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()),
    ]
    return await HttpCommunicator(app, "GET", path, headers=headers).get_response(timeout=PATIENCE)


@pytest.fixture
def handler() -> HttpHandler:
    return HttpHandler()


def standing() -> tuple[Any, ...]:
    """What a thread would carry into its next request."""
    return connection.schema_name, connection.connection, get_urlconf(), timezone.get_current_timezone_name()


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
    threads = len(handler._threads._threads)
    found = await asyncio.gather(
        *(asyncio.wrap_future(handler._threads.submit(standing)) for _ in range(threads))
    )
    assert set(found) == {("public", None, None, "UTC")}


async def test_what_comes_back_closed_is_whole(alice: Any, room: Room) -> None:
    page = await ask(alice, f"/rooms/r{room.pk}/")
    assert page["body"].rstrip().endswith(b"</html>")
    assert page["status"] == 200


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
    assert (await asyncio.wrap_future(handler._threads.submit(standing)))[1] is None


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
