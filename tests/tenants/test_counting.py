"""Limits that are counted from the event loop, together, are as exact as those that a thread counts."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
import uvloop

from tenants import counting, valkey
from tenants.ratelimits import Hit
from tests.sockets import aside


@pytest.fixture
def key() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
async def server() -> AsyncIterator[redis.Redis]:
    with await aside(valkey.client) as client:
        yield client


def nobody() -> bool:
    return False


async def waits(*hits: Hit) -> list[float]:
    return await asyncio.wait_for(asyncio.gather(*(counting.count(hit, nobody) for hit in hits)), 10)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What Valkey is asked."""
    commands: list[Any] = []
    ask = valkey.AsyncAsker.ask

    async def watched(asker: valkey.AsyncAsker, *command: str | int) -> Any:
        commands.append(command)
        return await ask(asker, *command)

    monkeypatch.setattr(valkey.AsyncAsker, "ask", watched)
    return commands


async def test_who_comes_together_is_counted_together_and_each_for_itself(key: str, asked: list[Any]) -> None:
    few, many, none = Hit(f"{key}-few", 2, 60), Hit(f"{key}-many", 100, 60), Hit(f"{key}-none", 0, 60)
    told = await waits(*[few, many, none] * 4)
    assert [wait > 0 for wait in told] == [False, False, True] * 2 + [True, False, True] * 2
    assert all(wait <= 60 for wait in told)
    assert len(asked) == 1


async def test_more_than_go_together_are_all_counted(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_MOST_TOGETHER", 3)
    told = await waits(*[Hit(key, 7, 60)] * 10)
    assert [wait > 0 for wait in told] == [False] * 7 + [True] * 3


async def test_while_more_come_they_are_waited_for(key: str, asked: list[Any]) -> None:
    """And who has gone meanwhile is counted like the others."""
    looks = iter([True])
    first = counting.count(Hit(key, 1, 60), lambda: next(looks, False))
    await asyncio.sleep(0)  # it has looked
    first.cancel()
    assert (await waits(Hit(key, 1, 60)))[0] > 0
    assert len(asked) == 1


async def test_a_stream_of_requests_holds_nobody_up_for_ever(key: str, asked: list[Any]) -> None:
    found = asyncio.gather(
        counting.count(Hit(key, 1, 60), lambda: True), counting.count(Hit(key, 1, 60), lambda: True)
    )
    assert [wait > 0 for wait in await asyncio.wait_for(found, 10)] == [False, True]
    assert len(asked) == 1


def test_a_connection_that_was_cut_is_made_anew(key: str) -> None:
    """On uvloop, whose transport raises something else once it is closed."""

    async def cut_again_and_again() -> list[float]:
        told = []
        for _ in range(3):
            told += await waits(Hit(key, 0, 60))
            await asyncio.to_thread(_cut)
        return told + await waits(Hit(key, 0, 60))

    assert all(wait > 0 for wait in uvloop.run(cut_again_and_again()))


def _cut() -> None:
    with valkey.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)


async def test_an_answer_that_comes_too_late_is_nobodys(key: str, server: redis.Redis) -> None:
    none, ten = Hit(key, 0, 60), Hit(f"{key}-next", 10, 60)
    assert (await waits(none))[0] > 0
    await aside(server.client_pause, 5000, all=False)  # milliseconds, for what writes
    try:
        assert await waits(none, none) == [0.0, 0.0]  # Valkey is away: nobody is stopped
    finally:
        await aside(server.client_unpause)
    first, second = await waits(ten, none)
    assert first == 0.0 and second > 0


async def test_a_key_that_cannot_be_counted_stops_nobody_else(key: str, server: redis.Redis) -> None:
    await aside(server.set, f"limit:{key}", "no number")
    broken, fine = await waits(Hit(key, 0, 60), Hit(f"{key}-next", 0, 60))
    assert broken == 0.0 and fine > 0


async def test_whatever_goes_wrong_nobody_waits_for_ever(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> Any:
        raise RuntimeError("whatever it is")

    with monkeypatch.context() as patch:
        patch.setattr(valkey.AsyncAsker, "ask", broken)
        assert await waits(Hit(key, 0, 60)) == [0.0]
    assert (await waits(Hit(key, 0, 60)))[0] > 0
