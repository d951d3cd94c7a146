"""The hub while something happens in the midst of what it does."""

import asyncio
from typing import Any

import pytest

from chat.models import Room
from tenants.events import UNAVAILABLE
from tenants.fanout import hub
from tenants.sockets import Socket
from tests.sockets import Tab


async def test_a_comparison_that_began_before_a_loss_lets_nothing_through(
    alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read the rights of then; the comparison after the loss reads them again."""
    tab, personal = await Tab.room(alice, room.pk), await Tab.personal(alice)
    here, compare = hub(), hub()._compare

    async def meanwhile(*args: Any) -> Any:
        compared = await compare(*args)
        here._lost()
        here._away = False  # and back already, while the next comparison has not begun
        return compared

    monkeypatch.setattr(here, "_compare", meanwhile)
    await here.compare_all()
    assert all(feed._held for feed in here._rooms.values())
    assert all(feed.held for feed in here._activity.values())
    monkeypatch.setattr(here, "_compare", compare)
    await here.compare_all()
    assert not any(feed._held for feed in here._rooms.values())
    await tab.close()
    await personal.close()


async def test_dropping_an_organisation_leaves_alone_who_comes_back_meanwhile(
    alice: Any, room: Room, public_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers leave, and others come, while the first group's subscription ends."""
    tabs = [await Tab.room(alice, one.pk) for one in (room, public_room)]
    here, forget = hub(), hub()._subscriber.forget
    back: list[Tab] = []

    async def slowly(name: str) -> None:
        monkeypatch.setattr(here._subscriber, "forget", forget)
        await forget(name)
        assert [await tab.until_closed() for tab in tabs] == [UNAVAILABLE] * 2
        for tab in tabs:
            await tab.close()
        back.extend([await Tab.room(alice, one.pk) for one in (room, public_room)])

    monkeypatch.setattr(here._subscriber, "forget", slowly)
    await here._drop(next(iter(here._activity.values())))
    assert len(here._rooms) == 2 and len(here._activity) == 1
    assert set(here._subscriber._callbacks) == {name.encode() for name in [*here._rooms, *here._activity]}
    for tab in back:
        await tab.close()
    await asyncio.sleep(0)


async def test_a_close_frame_does_not_wait_for_a_reader_who_reads_nothing() -> None:
    """Or a revoked person who takes nothing would keep the socket."""
    reads, sent = asyncio.Event(), []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] != "websocket.close":  # as our protocol class does it
            await reads.wait()
        sent.append(message)

    socket = Socket(send, set(), person_id=1, session_key="x")
    socket.deliver("one", 1)
    socket.deliver("two", 2)
    await asyncio.sleep(0)
    socket.close(4401)
    reads.set()
    await asyncio.sleep(0.01)
    assert sent == [{"type": "websocket.close", "code": 4401}]


async def test_a_reader_resumes_again_only_after_taking_the_last_answer(alice: Any, room: Room) -> None:
    tab = await Tab.room(alice, room.pk)
    (socket,) = next(iter(hub()._rooms.values())).sockets
    reads, send = asyncio.Event(), socket._send

    async def slowly(message: dict[str, Any]) -> None:
        await reads.wait()
        await send(message)

    socket._send = slowly
    for _ in range(4):
        await tab.send("resume")
    while socket._blocked is None:  # noqa: ASYNC110 - a socket has no event for it
        await asyncio.sleep(0.01)
    assert await tab.silent()
    assert len(socket._queue or ()) <= 1
    reads.set()
    for _ in range(4):
        await tab.until("resumed")
    await tab.close()
