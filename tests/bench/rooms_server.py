"""A small server of rooms over WebSocket and its clients, for the tests of the load client.

The server is honest, or has one planted fault. Frames are JSON. A reader says `resume` with the revision it knows
(null: none), gets what came after it and `resumed`, then every message of its room. `deliver` decides which frames a reader gets for a message, and so can
plant faults.
"""

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from tests.bench.load import Client, Load, Plan

Deliver = Callable[
    ["Message", int], list[str] | None
]  # a message, the reader's number; None: close the socket
PATIENCE = 20.0
HEADERS = (("Host", "rooms.example"),)


class Message:
    """A post that was stored; `revision` counts those of its room from 1."""

    def __init__(self, client_id: str, text: str, revision: int, room: str) -> None:
        self.client_id, self.text, self.revision, self.room = client_id, text, revision, room

    @property
    def frame(self) -> str:
        return json.dumps({"type": "message", "revision": self.revision, "text": self.text})


def honest(message: Message, reader: int) -> list[str]:
    return [message.frame]


class RoomsServer:
    """Each path is a room. `applied` are the revisions that readers say they have read; `refused` texts get an error."""

    def __init__(self, deliver: Deliver = honest) -> None:
        self.deliver = deliver
        self.port = 0
        self.messages: defaultdict[str, list[Message]] = defaultdict(list)
        self.readers: defaultdict[str, list[ServerConnection]] = defaultdict(list)
        self.applied: list[int] = []
        self.refuses: Callable[[str], bool] = lambda text: False
        self.greeting: Callable[[ServerConnection], Coroutine[Any, Any, None]] | None = None
        self.changed = threading.Condition()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds`; for the thread of a test."""
        with self.changed:
            assert self.changed.wait_for(holds, PATIENCE)

    async def handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        room = socket.request.path
        try:
            if self.greeting:
                await self.greeting(socket)
            async for frame in socket:
                await self._frame(socket, room, json.loads(frame))
        except ConnectionClosed:
            pass
        finally:
            if socket in self.readers[room]:
                self.readers[room].remove(socket)
            self._notify()

    async def _frame(self, socket: ServerConnection, room: str, body: dict[str, Any]) -> None:
        if body["type"] == "resume":
            for message in self.messages[room][body["revision"] or 0 :]:
                await socket.send(message.frame)
            self.readers[room].append(socket)
            await socket.send(json.dumps({"type": "resumed"}))
        elif body["type"] == "ack":
            self.applied.append(body["revision"])
            self._notify()
        elif self.refuses(body["text"]):
            await socket.send(json.dumps({"type": "error", "code": "refused"}))
        else:
            await self._post(socket, room, body)

    async def _post(self, socket: ServerConnection, room: str, body: dict[str, Any]) -> None:
        message = Message(body["client_id"], body["text"], len(self.messages[room]) + 1, room)
        self.messages[room].append(message)
        await socket.send(json.dumps({"type": "posted", "client_id": message.client_id}))
        for number, reader in enumerate(list(self.readers[room])):
            frames = self.deliver(message, number)
            if frames is None:
                await reader.close(4403)
            for frame in frames or ():
                broadcast([reader], frame)  # does not wait for readers that don't read

    def _notify(self) -> None:
        with self.changed:
            self.changed.notify_all()


@contextmanager
def running(server: RoomsServer) -> Iterator[RoomsServer]:
    """The server in a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with serve(server.handle, "127.0.0.1", 0, compression=None) as listening:
            server.port = next(iter(listening.sockets)).getsockname()[1]
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[run()])
    thread.start()
    try:
        assert started.wait(PATIENCE)
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


# -- Its clients


def plan(server: RoomsServer, clients: list[Client], *, patience: float = 20.0, **words: object) -> Plan:
    fields: dict[str, object] = {
        "opening": (("send", '{"type":"resume","revision":{variable}}'), ("wait", '"resumed"')),
        "post": '{"type":"post","client_id":"{client}","text":"{body}"}',
        "acknowledged": '"type": "posted", "client_id": "{client}"',
        "errors": ('"type": "error"',),
    }
    return Plan(server.port, clients, patience=patience, **(fields | words))  # type: ignore[arg-type]


def room_of(readers: int, *, path: str = "/a", senders: int = 1, **fields: object) -> list[Client]:
    """A room's readers, of whom the first ones send."""
    return [
        Client(path, HEADERS, path, sender=number < senders, variable="null", **fields)  # type: ignore[arg-type]
        for number in range(readers)
    ]


@contextmanager
def opened(server: RoomsServer, asked: Plan) -> Iterator[Load]:
    with Load(asked) as load:
        load.open()
        yield load
