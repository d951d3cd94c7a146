"""Requests that wait for their turn have their sessions read together, and each gets its own or none.

One lane, which is held while others queue up behind the request that holds it: the first of them reads for all.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from channels.testing import HttpCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError

from accounts import session_rows
from accounts.models import Person
from tenants import hosts
from tenants.db import in_organisation
from tenants.http import HttpHandler
from tests.sockets import aside, session_cookie

PATIENCE = 10.0
HELD = b"held"  # in a request's query: its view waits


class Line:
    """An application of one lane, and what it asked Postgres for sessions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tenants.http.AT_ONCE", 1)
        monkeypatch.setattr("tenants.http.PATIENCE", PATIENCE)
        monkeypatch.setattr("chat.views.workspace.only_sidebar", self._draw)
        self.handler = HttpHandler()
        self.asked: list[int] = []  # by each statement, for how many sessions
        self.before = lambda: None  # runs before each statement
        for one in ("_ONE", "_SEVERAL"):
            monkeypatch.setattr(session_rows, one, self._noting(getattr(session_rows, one)))
        self._inside, self._goes_on = threading.Event(), threading.Event()

    def _noting(self, prepared: Any) -> Any:
        class Noting(type(prepared)):  # type: ignore[misc]
            def rows(noting, **values: str) -> Any:
                self.before()
                self.asked.append(values.get("keys", "").count(",") + 1)
                return super().rows(**values)

        noting = Noting.__new__(Noting)
        noting.__dict__.update(prepared.__dict__)
        return noting

    def _draw(self, request: Any, room_id: int | None) -> str:
        if request.META["QUERY_STRING"] == HELD.decode():
            self._inside.set()
            assert self._goes_on.wait(PATIENCE)
        return f"{request.user.pk} {request.user.name} of {request.organisation.schema_name}"

    def ask(self, host: str, session: str, query: bytes = b"") -> asyncio.Task[dict[str, Any]]:
        """Let a request arrive; its answer. It is in the queue once the loop has come round."""
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}".encode("latin1")
        headers = [(b"host", host.encode()), (b"cookie", cookie), (b"hx-request", b"true")]
        asked = HttpCommunicator(self.handler, "GET", f"/sidebar/?{query.decode()}", headers=headers)
        return asyncio.create_task(asked.get_response(timeout=PATIENCE))

    async def hold(self, host: str, session: str) -> asyncio.Task[dict[str, Any]]:
        """Let a request arrive that holds the lane until `go_on`."""
        self._inside.clear()
        self._goes_on.clear()
        held = self.ask(host, session, HELD)
        assert await asyncio.to_thread(self._inside.wait, PATIENCE)
        return held

    async def queued(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.handler._lanes._waiting) < count:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)

    def go_on(self) -> None:
        self.asked.clear()
        self._goes_on.set()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    made = Line(monkeypatch)
    yield made
    made._goes_on.set()


def said(answer: dict[str, Any]) -> str:
    return answer["body"].decode() if answer["status"] == 200 else str(answer["status"])


def of(person: Any) -> str:
    return f"{person.pk} {person.name} of {person.organisation.schema_name}"


async def keys_of(*people: Any) -> list[str]:
    return [await aside(session_cookie, person) for person in people]


async def answers_of(
    line: Line, first: Any, asks: list[tuple[Any, str]], meanwhile: Callable[[], object] = lambda: None
) -> list[str]:
    """What each of these (person whose host it is, session's key) is told, who queue up while `first` holds the lane."""
    (key,) = await keys_of(first)
    held = await line.hold(first.organisation.host, key)
    waiting = [line.ask(person.organisation.host, key) for person, key in asks]
    await line.queued(len(asks))
    await aside(meanwhile)
    line.go_on()
    answers = await asyncio.gather(held, *waiting)
    assert said(answers[0]) == of(first)
    return [said(answer) for answer in answers[1:]]


async def test_sessions_of_those_that_wait_are_read_in_one_statement(
    line: Line, alice: Any, bob: Any, dana: Any
) -> None:
    people = [alice, bob, dana, bob]
    asks = [*zip(people, await keys_of(*people), strict=True)]
    assert await answers_of(line, alice, asks) == [of(person) for person in people]
    assert line.asked == [4]


async def test_alone_nobody_waits_for_anybody(line: Line, alice: Any, bob: Any) -> None:
    (key,) = await keys_of(bob)
    assert await answers_of(line, alice, [(bob, key)]) == [of(bob)]
    assert line.asked == [1]


async def test_a_key_that_two_organisations_have_gives_each_its_own_person(
    line: Line, alice: Any, bob: Any, mallory: Any
) -> None:
    key, others_key = await keys_of(alice, mallory)
    (bobs,) = await keys_of(bob)

    def share() -> None:
        with in_organisation(mallory.organisation):
            Session.objects.filter(session_key=others_key).update(session_key=key)
            UserSession.objects.filter(session_key=others_key).update(session_key=key)

    await aside(share)
    asks = [(alice, key), (mallory, key), (bob, bobs), (mallory, key), (alice, key)]
    assert await answers_of(line, bob, asks) == [of(alice), of(mallory), of(bob), of(mallory), of(alice)]
    assert line.asked == [2, 1]


async def test_a_key_of_another_organisation_opens_nothing(
    line: Line, alice: Any, bob: Any, mallory: Any
) -> None:
    alices, mallorys = await keys_of(alice, mallory)
    asks = [(alice, alices), (alice, mallorys), (mallory, alices), (mallory, mallorys)]
    assert await answers_of(line, bob, asks) == [of(alice), "401", "401", of(mallory)]


async def test_a_host_that_is_another_organisations_by_now_gets_nothing_of_the_first(
    line: Line, monkeypatch: pytest.MonkeyPatch, alice: Any, bob: Any, mallory: Any
) -> None:
    """The registry changes between the turn of the one who asked and that of the one who was asked for."""
    bobs, alices = await keys_of(bob, alice)
    turns = iter([alice, bob, mallory])
    monkeypatch.setattr(hosts, "cached", lambda host: next(turns).organisation)
    assert await answers_of(line, alice, [(bob, bobs), (alice, alices)]) == [of(bob), "401"]
    assert line.asked == [2, 1]


async def test_a_session_that_ends_while_its_request_waits_is_over(line: Line, alice: Any, bob: Any) -> None:
    alices, bobs = await keys_of(alice, bob)

    def end() -> None:
        with in_organisation(bob.organisation):
            Session.objects.filter(session_key=bobs).delete()

    assert await answers_of(line, alice, [(alice, alices), (bob, bobs)], end) == [of(alice), "401"]


async def test_who_is_shut_out_while_their_request_waits_is_out(line: Line, alice: Any, bob: Any) -> None:
    alices, bobs = await keys_of(alice, bob)

    def shut_out() -> None:
        with in_organisation(bob.organisation):
            Person.objects.filter(pk=bob.pk).update(is_active=False)

    assert await answers_of(line, alice, [(alice, alices), (bob, bobs)], shut_out) == [of(alice), "401"]


async def test_what_arrives_after_a_session_has_ended_hears_nothing_of_what_was_read_before(
    line: Line, alice: Any, bob: Any
) -> None:
    alices, bobs = await keys_of(alice, bob)
    held = await line.hold(alice.organisation.host, alices)
    waiting = [line.ask(alice.organisation.host, alices, HELD), line.ask(bob.organisation.host, bobs)]
    await line.queued(2)
    line._inside.clear()
    line._goes_on.set()
    line._goes_on.clear()
    assert await asyncio.to_thread(
        line._inside.wait, PATIENCE
    )  # bob's session was read with the second one's

    def end() -> None:
        with in_organisation(bob.organisation):
            Session.objects.filter(session_key=bobs).delete()

    await aside(end)
    late = line.ask(bob.organisation.host, bobs)
    await line.queued(2)
    line.go_on()
    await asyncio.gather(held, *waiting)
    assert said(await late) == "401"


async def test_an_error_of_the_shared_statement_is_that_of_who_asked(
    line: Line, alice: Any, bob: Any, dana: Any
) -> None:
    def fail() -> None:
        line.before = lambda: None
        raise OperationalError("the server closed the connection unexpectedly")

    asks = [*zip([alice, bob, dana], await keys_of(alice, bob, dana), strict=True)]

    def next_one_fails() -> None:
        line.before = fail

    assert await answers_of(line, alice, asks, next_one_fails) == ["503", of(bob), of(dana)]
    assert line.asked == [1, 1]


async def test_who_has_left_costs_the_others_nothing(line: Line, alice: Any, bob: Any, dana: Any) -> None:
    keys = await keys_of(alice, bob, dana)
    held = await line.hold(alice.organisation.host, keys[0])
    first, leaves, last = (
        line.ask(one.organisation.host, key) for one, key in zip([alice, bob, dana], keys, strict=True)
    )
    await line.queued(3)
    leaves.cancel()
    line.go_on()
    answers = await asyncio.gather(held, first, last)
    assert [said(answer) for answer in answers] == [of(alice), of(alice), of(dana)]


@pytest.mark.parametrize(
    "odd", ["", "x", "a'b{}", '"', "é" * 32, "\\" * 40, "a" * 4000, '"aaaaaaaaaaaa\\000b"']
)
async def test_what_is_no_key_spoils_nothing(line: Line, alice: Any, bob: Any, odd: str) -> None:
    (bobs,) = await keys_of(bob)
    asks = [(bob, bobs), (bob, odd), (bob, bobs)]
    assert await answers_of(line, alice, asks) == [of(bob), "401", of(bob)]
