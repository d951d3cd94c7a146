"""Our protocol class for uvicorn: a real server on a real port, spoken to by another library and by hand (RFC 6455)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tenants.websocket import FRAMES, frames
from tenants.websocket.keepalive import Keepalive
from tests.tenants.wire import HANDSHAKE, MOST, PATIENCE, App, Raw, serving


async def test_text_and_bytes_come_back_as_they_went() -> None:
    async with serving(App()) as port, connect(f"ws://127.0.0.1:{port}/ws?a=1") as browser:
        for message in ("hello", "", "größe 🎉" * 3000, b"\x00\xff" * 20_000):
            await browser.send(message)
            assert await browser.recv() == message


async def test_the_scope_is_what_asgi_says() -> None:
    app = App()
    async with serving(app) as port:
        async with connect(
            f"ws://127.0.0.1:{port}/a%20b?c=d", subprotocols=["chat"], origin="http://here"
        ) as browser:
            assert browser.subprotocol == "chat"
        scope = app.scopes[0]
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/a b", b"/a%20b", b"c=d")
    assert (b"origin", b"http://here") in scope["headers"]
    assert scope["client"][0] == "127.0.0.1" and scope["server"][1] == port
    assert FRAMES in scope["extensions"]


async def test_frames_made_elsewhere_arrive_as_messages() -> None:
    async with serving(App()) as port, connect(f"ws://127.0.0.1:{port}/ws") as browser:
        await browser.send("frames")
        assert [await browser.recv() for _ in range(3)] == ["one", "x" * 70_000, "three"]


async def test_a_message_in_parts_with_a_ping_between_is_one() -> None:
    async with serving(App()) as port:
        raw, _ = await Raw.open(port)
        raw.say(0x01, b"hel")
        raw.say(0x89, b"are you there")
        raw.say(0x00, b"lo ")
        raw.say(0x80, b"you")
        assert await raw.frame() == (frames.PONG, b"are you there")
        assert await raw.frame() == (frames.TEXT, b"hello you")


def test_a_message_may_come_byte_by_byte() -> None:
    reader, found = frames.Reader(MOST), []
    mask = b"\x01\x02\x03\x04"
    frame = b"\x81\xfe" + (300).to_bytes(2) + mask + bytes(120 ^ mask[at % 4] for at in range(300))
    for byte in frame:
        found += reader.feed(bytes((byte,)))
    assert found == [(frames.TEXT, b"x" * 300)]


def _say(first: int, payload: bytes, **kwargs: Any) -> Callable[[Raw], None]:
    return lambda raw: raw.say(first, payload, **kwargs)


def _two(*steps: Callable[[Raw], None]) -> Callable[[Raw], None]:
    return lambda raw: [step(raw) for step in steps] and None


BROKEN = {
    "no mask": (_say(0x81, b"x", masked=False), 1002),
    "reserved bit": (_say(0xC1, b"x"), 1002),
    "unknown opcode": (_say(0x83, b"x"), 1002),
    "a ping in parts": (_say(0x09, b"x"), 1002),
    "a long ping": (_say(0x89, b"x" * 126), 1002),
    "a continuation of nothing": (_say(0x80, b"x"), 1002),
    "a message inside a message": (_two(_say(0x01, b"x"), _say(0x81, b"x")), 1002),
    "text that is not UTF-8": (_say(0x81, b"\xff\xfe"), 1007),
    "too large at once": (lambda raw: raw.writer.write(b"\x81\xff" + (MOST + 1).to_bytes(8) + b"mask"), 1009),
    "too large in parts": (_two(*[_say(0x01 if not at else 0x00, b"x" * 30_000) for at in range(3)]), 1009),
    "a close code that must not travel": (_say(0x88, (1005).to_bytes(2)), 1002),
    "a close frame of one byte": (_say(0x88, b"x"), 1002),
    "a close reason that is not UTF-8": (_say(0x88, (1000).to_bytes(2) + b"\xff"), 1007),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_who_breaks_the_protocol_is_told_why_and_cut_off(name: str) -> None:
    step, code = BROKEN[name]
    app = App()
    async with serving(app) as port:
        raw, _ = await Raw.open(port)
        step(raw)
        opcode, payload = await raw.frame()
        assert (opcode, int.from_bytes(payload[:2])) == (frames.CLOSE, code)
        assert await raw.ended()
        await asyncio.wait_for(app.gone.wait(), PATIENCE)
        assert app.heard == [{"type": "websocket.disconnect", "code": code, "reason": payload[2:].decode()}]
        assert isinstance(app.errors[0], OSError)


async def test_the_application_closes_with_its_code_and_reason() -> None:
    async with serving(App()) as port, connect(f"ws://127.0.0.1:{port}/ws") as browser:
        await browser.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            await browser.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "signed out")


async def test_the_browser_closes_and_its_code_is_answered_and_told() -> None:
    app = App()
    async with serving(app) as port:
        raw, _ = await Raw.open(port)
        raw.say(0x88, (3123).to_bytes(2) + b"bye")
        assert await raw.frame() == (frames.CLOSE, (3123).to_bytes(2))
        assert await raw.ended()
        await asyncio.wait_for(app.gone.wait(), PATIENCE)
        assert [event["code"] for event in app.heard] == [3123]


async def test_a_peer_that_vanishes_ends_the_application_too() -> None:
    app = App()
    async with serving(app) as port:
        raw, _ = await Raw.open(port)
        raw.writer.transport.abort()
        await asyncio.wait_for(app.gone.wait(), PATIENCE)
        assert [event["code"] for event in app.heard] == [1006]


async def test_an_application_that_fails_ends_its_socket_alone() -> None:
    async with (
        serving(App()) as port,
        connect(f"ws://127.0.0.1:{port}/ws") as other,
        connect(f"ws://127.0.0.1:{port}/ws") as browser,
    ):
        await browser.send("fail")
        with pytest.raises(ConnectionClosed):
            await browser.recv()
        await other.send("still here")
        assert await other.recv() == "still here"


async def test_a_refusal_before_accept_is_403_and_bad_handshakes_are_400() -> None:
    async with serving(App()) as port:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{port}/refused").__aenter__()
        assert refused.value.response.status_code == 403
        for old, new in ((b"Version: 13", b"Version: 8"), (b"AAAAAAAAAAAAAAAAAAAAAA==", b"AAAA")):
            _, answer = await Raw.open(port, HANDSHAKE.replace(old, new))
            assert answer.startswith(b"HTTP/1.1 400 ")


async def test_stopping_the_server_says_goodbye() -> None:
    async with serving(App()) as port:
        raw, _ = await Raw.open(port)
    assert await raw.frame() == (frames.CLOSE, (1012).to_bytes(2))


async def test_senders_wait_for_a_reader_that_does_not_read() -> None:
    """The transport's buffer stays bounded: `send` waits, and goes on when the peer reads or is gone."""
    sent = []

    class Flooding(App):
        async def _answer(self, event: dict[str, Any], send: Any) -> None:
            for number in range(400):
                await send({"type": "websocket.send", "text": "x" * 64_000})
                sent.append(number)

    app = Flooding()
    async with serving(app) as port:
        raw, _ = await Raw.open(port)
        raw.say(0x81, b"go")
        before = -1
        while len(sent) != before:  # until it makes no more progress
            before = len(sent)
            await asyncio.sleep(0.2)
        assert len(sent) < 400
        for _ in range(400):
            assert (await raw.frame())[0] == frames.TEXT
        assert len(sent) == 400


async def test_a_silent_peer_is_pinged_and_then_given_up() -> None:
    class Peer:
        heard = pinged = False

        def __init__(self) -> None:
            self.pings = 0
            self.given_up = asyncio.Event()

        def ping(self) -> None:
            self.pings += 1

        def give_up(self) -> None:
            self.given_up.set()

    class Alive(Peer):
        def ping(self) -> None:
            super().ping()
            self.heard = True

    silent, alive = Peer(), Alive()
    sweep = Keepalive(0.02)
    sweep.add(silent)
    sweep.add(alive)
    await asyncio.wait_for(silent.given_up.wait(), PATIENCE)
    assert silent.pings == 1 and not alive.given_up.is_set()
    sweep.discard(alive)
