"""A real uvicorn with our protocol class on a real port, and a peer that sends whatever bytes it is told."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from tenants.websocket import FRAMES, frames

PATIENCE = 10.0
MOST = 66560
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class App:
    """Echoes what it is told, and keeps what it heard. The words `close`, `frames`, `fail` and `flood` do as they say."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self.errors: list[BaseException] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        self.scopes.append(scope)
        await receive()
        if scope["path"] == "/refused":
            await send({"type": "websocket.close", "code": 4403})
            return
        await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
        while True:
            event = await receive()
            self.heard.append(event)
            if event["type"] == "websocket.disconnect":
                self.gone.set()
                try:
                    await send({"type": "websocket.send", "text": "too late"})
                except OSError as error:
                    self.errors.append(error)
                return
            await self._answer(event, send)

    async def _answer(self, event: dict[str, Any], send: Any) -> None:
        match event.get("text"):
            case "close":
                await send({"type": "websocket.close", "code": 4401, "reason": "signed out"})
            case "frames":
                write = self.scopes[-1]["extensions"][FRAMES]["write"]
                assert write(frames.encode_texts([b"one", b"x" * 70_000]))
                await send({"type": FRAMES, "data": frames.encode_texts([b"three"])})
            case "fail":
                raise RuntimeError("planted")
            case _:
                await send(
                    {
                        "type": "websocket.send",
                        **{key: event[key] for key in ("text", "bytes") if key in event},
                    }
                )


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app,
        port=0,
        log_level="critical",
        lifespan="off",
        ws="tenants.websocket.protocol:Protocol",
        ws_max_size=MOST,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


class Raw:
    """A peer that sends whatever bytes it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, request: bytes = HANDSHAKE) -> tuple["Raw", bytes]:
        raw = cls(*await asyncio.open_connection("127.0.0.1", port))
        raw.writer.write(request)
        return raw, await asyncio.wait_for(raw.reader.readuntil(b"\r\n\r\n"), PATIENCE)

    def say(self, first: int, payload: bytes, *, masked: bool = True) -> None:
        size = len(payload)
        head = bytes((first, (0x80 if masked else 0) | (min(126, size))))
        if size >= 126:
            head += size.to_bytes(2)
        mask = os.urandom(4)
        body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.writer.write(head + (mask + body if masked else payload))

    async def frame(self) -> tuple[int, bytes]:
        async with asyncio.timeout(PATIENCE):
            first, size = await self.reader.readexactly(2)
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
            return first & 0x0F, await self.reader.readexactly(size)

    async def ended(self) -> bool:
        return await asyncio.wait_for(self.reader.read(), PATIENCE) == b""
