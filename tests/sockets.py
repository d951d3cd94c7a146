"""Sockets through the whole ASGI stack: Origin, Host, session, routing and consumer are the real ones."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any, Self

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from config.asgi import application
from tenants.db import in_organisation, leave

PATIENCE = 10.0


async def aside[T](function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run synchronous test code on a thread, as a request would be, and give its connection back."""

    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            leave()

    return await asyncio.to_thread(call)


def session_cookie(person: Any) -> str:
    """Sign `person` in and return the session's key."""
    client = Client(headers={"host": person.organisation.host})
    with in_organisation(person.organisation):
        client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


class Tab:
    """A browser's socket. `frames` holds everything received; `until` waits for a frame of a type."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None

    @classmethod
    async def open(
        cls,
        person: Any,
        path: str,
        *,
        host: str | None = None,
        origin: str | None = "own",
        session: str | None = None,
    ) -> Self:
        """Open `path` as `person` (None: nobody). Raises ConnectionRefusedError where the handshake is refused."""
        host = host or person.organisation.host
        headers = [(b"host", host.encode())]
        if origin is not None:
            headers.append((b"origin", f"http://{host}".encode() if origin == "own" else origin.encode()))
        if person is not None and session is None:
            session = await aside(session_cookie, person)
        if session:
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))
        tab = cls(WebsocketCommunicator(application, path, headers=headers))
        connected, _ = await tab.communicator.connect(timeout=PATIENCE)
        if not connected:
            raise ConnectionRefusedError(path)
        return tab

    @classmethod
    async def room(cls, person: Any, room_id: int, revision: int | None = None, **kwargs: Any) -> Self:
        """Open a room's socket and resume."""
        tab = await cls.open(person, f"/ws/rooms/r{room_id}/", **kwargs)
        await tab.send("resume", revision=revision, epoch=str(person.organisation.epoch))
        await tab.until("resumed")
        return tab

    @classmethod
    async def personal(cls, person: Any, **kwargs: Any) -> Self:
        """Open a personal socket and resume."""
        tab = await cls.open(person, "/ws/me/", **kwargs)
        await tab.send("resume")
        await tab.until("state")
        return tab

    async def send(self, type_: str, **fields: Any) -> None:
        await self.send_text(json.dumps({"headers": {}, "body": {"type": type_, **fields}}))

    async def send_text(self, text: str) -> None:
        await self.communicator.send_to(text_data=text)

    async def post(self, text: str, client_id: uuid.UUID | None = None) -> str:
        """Post without waiting for the answer; returns the client_id."""
        name = str(client_id or uuid.uuid4())
        await self.send("post", client_id=name, text=text)
        return name

    async def receive(self) -> dict[str, Any] | None:
        """The next frame; None when the server closed the socket (then `closed` has the code)."""
        message = await self.communicator.receive_output(PATIENCE)
        if message["type"] == "websocket.close":
            self.closed = message.get("code", 1000)
            return None
        frame = json.loads(message["text"])
        self.frames.append(frame)
        return frame

    async def until(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Receive until a frame of `type_` with these fields comes, and return it."""
        while True:
            frame = await self.receive()
            if frame is None:
                raise ConnectionResetError(
                    f"closed with {self.closed} before a frame {type_!r}: {self.frames}"
                )
            if frame["type"] == type_ and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def until_closed(self) -> int:
        """Receive until the server closes the socket; returns the code."""
        while await self.receive() is not None:
            pass
        assert self.closed is not None
        return self.closed

    async def silent(self) -> bool:
        """Whether nothing has arrived that was not received yet."""
        return await self.communicator.receive_nothing(timeout=0.05)

    async def heard(self) -> set[str]:
        """The types of all frames that have arrived. That others are around is told late, so no page is ever silent."""
        while not await self.silent():
            await self.receive()
        return {frame["type"] for frame in self.frames}

    async def close(self) -> None:
        await self.communicator.disconnect(timeout=PATIENCE)
