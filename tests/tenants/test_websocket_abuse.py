"""Peers that do what no browser does: our protocol class keeps little for them, and none of them stays for ever."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tenants.websocket import frames, protocol
from tests.tenants.wire import HANDSHAKE, MOST, PATIENCE, App, Raw, serving


class Flooding(App):
    """Sends to whoever says a word until it may not, and keeps what the server knows of its connection."""

    def __init__(self) -> None:
        super().__init__()
        self.full = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.protocol = receive.__self__
        await super().__call__(scope, receive, send)

    async def _answer(self, event: dict[str, Any], send: Any) -> None:
        if event.get("text") != "flood":
            await super()._answer(event, send)
            return
        flood = asyncio.create_task(self._flood(send))
        while self.protocol._drained is None:  # noqa: ASYNC110 - nor has this
            await asyncio.sleep(0)
        self.full.set()
        flood.cancel()

    async def _flood(self, send: Any) -> None:
        while True:
            await send({"type": "websocket.send", "text": "x" * 64_000})
            await asyncio.sleep(0)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers have a moment to answer a close frame, not seconds."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.05)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - whatever a server keeps has no event
            await asyncio.sleep(0.01)


async def deaf(app: Flooding, port: int) -> Raw:
    """A peer that has taken nothing for so long that senders wait."""
    raw, _ = await Raw.open(port)
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    raw.say(0x81, b"flood")
    await asyncio.wait_for(app.full.wait(), PATIENCE)
    return raw


ENDS: dict[str, Callable[[Flooding, Raw], Any]] = {
    "the keep-alive gives it up": lambda app, raw: app.protocol.give_up(),
    "the application closes": lambda app, raw: raw.say(0x81, b"close"),
    "the application fails": lambda app, raw: raw.say(0x81, b"fail"),
    "it breaks the protocol": lambda app, raw: raw.say(0x83, b"x"),
    "it closes": lambda app, raw: raw.say(0x88, b""),
    "it ends its half of the connection": lambda app, raw: raw.writer.write_eof(),
    "the server stops": lambda app, raw: app.protocol.shutdown(),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_peer_that_reads_nothing_is_gone_when_its_socket_ends(end: str, hasty: None) -> None:
    """Closing a transport waits for what is written to go out, which such a peer would never let happen."""
    app = Flooding()
    async with serving(app) as port:
        raw = await deaf(app, port)
        ENDS[end](app, raw)
        await eventually(lambda: app.protocol._closed)
        await asyncio.wait_for(app.gone.wait(), PATIENCE) if end != "the application fails" else None
        assert app.protocol not in app.protocol._server_state.connections
        raw.writer.transport.abort()


async def test_pings_of_a_peer_that_reads_nothing_are_not_answered_without_end() -> None:
    app = Flooding()
    async with serving(app) as port:
        raw = await deaf(app, port)
        before = app.protocol._transport.get_write_buffer_size()
        for number in range(500):
            raw.say(0x89, b"%03d" % number + b"x" * 100)
        raw.say(0x81, b"and now")  # behind them, so they were read
        await eventually(lambda: bool(app.heard) and app.heard[-1].get("text") == "and now")
        assert app.protocol._transport.get_write_buffer_size() <= before
        raw.writer.transport.resume_reading()  # type: ignore[attr-defined]
        while (frame := await raw.frame())[0] == frames.TEXT:
            pass
        assert frame == (frames.PONG, b"499" + b"x" * 100)  # the last one is (5.5.3)


async def test_who_speaks_before_the_socket_is_open_is_refused_in_http() -> None:
    """A peer has to wait for the answer (4.1): frames would come out before it."""
    opening = asyncio.Event()

    class Slow(App):
        async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
            opening.set()
            await receive()
            self.heard.append(await receive())
            self.gone.set()

    for first in (0x81, 0x83, 0x88, 0x89):
        app = Slow()
        async with serving(app) as port:
            raw = Raw(*await asyncio.open_connection("127.0.0.1", port))
            raw.writer.write(HANDSHAKE)
            await asyncio.wait_for(opening.wait(), PATIENCE)
            raw.say(first, b"")
            assert (await asyncio.wait_for(raw.reader.read(), PATIENCE)).startswith(b"HTTP/1.1 400 ")
            await asyncio.wait_for(app.gone.wait(), PATIENCE)
            assert [event["type"] for event in app.heard] == ["websocket.disconnect"]
        opening.clear()


@pytest.mark.parametrize("first", [0x81, 0x89, 0x8A])
async def test_thousands_of_frames_at_once_are_cut_off(first: int) -> None:
    """An empty frame takes six bytes: one read could bring forty thousand events."""
    app = Flooding()
    async with serving(app) as port:
        raw, _ = await Raw.open(port)
        raw.writer.write(bytes((first, 0x80)) + bytes(4))
        raw.writer.write((bytes((first, 0x80)) + bytes(4)) * 40_000)
        await eventually(lambda: app.protocol._closed)
        left = [*app.heard, *(app.protocol._events or ())]
        assert left[-1]["code"] == 1008
        assert len(left) <= 2 * protocol.MOST_AT_ONCE
        raw.writer.transport.abort()


def test_what_came_before_a_broken_frame_is_still_heard() -> None:
    reader, found = frames.Reader(MOST), []
    with pytest.raises(frames.Malformed):
        found.extend(reader.feed(b"\x81\x81\0\0\0\0x" + b"\x83\x80\0\0\0\0"))
    assert found == [(frames.TEXT, b"x")]
