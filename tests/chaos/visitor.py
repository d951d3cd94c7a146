"""A client's socket, opened again whenever it ends, and its HTTP requests, at whatever web process answers."""

import asyncio
import json
import random
import time
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.chaos.cluster import Organisation, Person
from tests.chaos.log import Log

ENDINGS = frozenset({4401, 4403, 4404})  # not worth another try
FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0  # seconds before connecting again; the page goes from 0.4 to 15
SOON = 5.0  # seconds, about
MOST_OWED = 128  # frames, or KiB; three quarters of it at least
PATIENCE = 10.0
TICK = 0.1
CSRF = "c" * 32
UNREACHABLE = (OSError, WebSocketException, TimeoutError, httpx.HTTPError, EOFError)


class Refused(Exception):
    """The server will never take this."""


@dataclass(frozen=True)
class Seat:
    """Who sits where, and what they share with the others of their schedule."""

    name: str
    organisation: Organisation
    person: Person
    room_id: int
    ports: tuple[int, ...]
    log: Log
    http: httpx.AsyncClient
    rng: random.Random

    def failed(self, why: str) -> None:
        self.log.failed(self.name, why)


class Visitor:
    """A socket that is opened again whenever it ends, until the server says that there is no point."""

    def __init__(self, seat: Seat, path: str) -> None:
        self.seat, self.path = seat, path
        self.connection: ClientConnection | None = None
        self.ended: int | None = None
        self.resumed = False
        self._online, self._reading = asyncio.Event(), asyncio.Event()
        self._online.set()
        self._reading.set()
        self._acknowledging: asyncio.TimerHandle | None = None
        self._owed, self._share = 0.0, seat.rng.uniform(0.75, 1)

    async def live(self) -> None:
        """Until cancelled, or until the server ends it for good (`ended` has the code)."""
        await self.arrive()
        failures = 0
        while self.ended is None:
            await self._online.wait()
            began = time.monotonic()
            try:
                await self._visit()
            except UNREACHABLE as error:
                self.seat.failed(type(error).__name__)
            failures = 0 if time.monotonic() - began > LONGEST_WAIT else failures + 1
            wait = min(FIRST_WAIT * 2**failures, LONGEST_WAIT)
            await asyncio.sleep(wait * self.seat.rng.uniform(0.5, 1.0))

    async def go_offline(self) -> None:
        """The network is gone; nobody says goodbye."""
        self._online.clear()
        if self.connection is not None:
            self.connection.transport.abort()

    async def go_online(self) -> None:
        self._online.set()

    async def stop_reading(self) -> None:
        self._reading.clear()

    async def go_on_reading(self) -> None:
        self._reading.set()

    # What the kinds of client do.

    async def arrive(self) -> None:
        """Before the first socket."""

    async def resume(self) -> None:
        await self.send("resume")

    async def hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "resync":
            self.seat.log.resynced.add(self.seat.name)
            await self.resume()
        elif frame["type"] in ("resumed", "state"):
            self.resumed = True

    def left(self) -> None:
        """The socket has ended."""
        self.resumed = False

    @property
    def revision(self) -> int:
        return 0

    # Talking.

    async def send(self, type_: str, **fields: Any) -> bool:
        """False when there is no socket."""
        if self.connection is None:
            return False
        try:
            await self.connection.send(json.dumps({"headers": {}, "body": {"type": type_, **fields}}))
        except UNREACHABLE:
            return False
        return True

    async def _visit(self) -> None:
        seat, port = self.seat, self.seat.rng.choice(self.seat.ports)
        authority = f"{seat.organisation.host}:{port}"
        async with connect(
            f"ws://{authority}{self.path}",
            host="127.0.0.1",
            port=port,
            origin=f"http://{authority}",  # type: ignore[arg-type]
            additional_headers={"Cookie": f"parley-session={seat.person.session}"},
            proxy=None,
            compression=None,
            max_queue=4,
            max_size=None,
            open_timeout=PATIENCE,
            close_timeout=0.5,
            ping_interval=None,
        ) as connection:
            self.connection = connection
            try:
                await self.resume()
                await self._listen(connection)
            finally:
                self.connection = None
                if connection.close_code in ENDINGS:
                    self.ended = connection.close_code
                self._forget_acknowledging()
                self.left()

    async def _listen(self, connection: ClientConnection) -> None:
        async for text in connection:
            await self._reading.wait()
            self.seat.log.saw(self.seat.name, self.seat.organisation.address, str(text))
            self._owe(len(text))
            await self.hear(json.loads(text))

    def _owe(self, length: int) -> None:
        """As socket.js, each at its own moment."""
        self._owed += max(1.0, length / 1024)
        if self._owed >= MOST_OWED * self._share:
            self._acknowledge()
        elif self._acknowledging is None:
            later = SOON * self.seat.rng.uniform(0.5, 1.5)
            self._acknowledging = asyncio.get_running_loop().call_later(later, self._acknowledge)

    def _acknowledge(self) -> None:
        self._forget_acknowledging()
        self._owed, self._share = 0.0, self.seat.rng.uniform(0.75, 1)
        self._spoken = asyncio.ensure_future(self.send("ack", revision=self.revision))

    def _forget_acknowledging(self) -> None:
        if self._acknowledging is not None:
            self._acknowledging.cancel()
            self._acknowledging = None

    async def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        """An HTTP request as the page's own. Raises Refused for an answer that no other try would change."""
        seat, port = self.seat, self.seat.rng.choice(self.seat.ports)
        authority = f"{seat.organisation.host}:{port}"
        answer = await seat.http.request(
            method,
            f"http://127.0.0.1:{port}{path}",
            data=fields,
            headers={
                "Host": authority,
                "Origin": f"http://{authority}",
                "Cookie": f"parley-session={seat.person.session}; parley-csrf={CSRF}",
                "X-CSRFToken": CSRF,
            },
        )
        seat.log.saw(seat.name, seat.organisation.address, answer.text)
        if answer.status_code in (302, 401, 403, 404, 409, 410, 413, 422):
            raise Refused(str(answer.status_code))
        answer.raise_for_status()
        return answer
