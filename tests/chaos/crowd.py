"""All clients of one schedule, in an event loop of their own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.chaos.clients import Author
from tests.chaos.visitor import PATIENCE, Visitor


class Crowd:
    """All clients of one schedule, in an event loop on a thread of its own, so that faults may take their time."""

    def __init__(self) -> None:
        self.clients: list[Visitor] = []
        self._loop = asyncio.new_event_loop()
        self._tasks: list[asyncio.Task[None]] = []

    def run(self) -> None:
        """The thread's function."""
        self._loop.run_forever()

    def call(self, coroutine: Any) -> Any:
        """Run `coroutine` among the clients and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def admit(self, cast: Callable[[httpx.AsyncClient], list[Visitor]]) -> None:
        """Let the clients live that `cast` makes."""
        self._http = httpx.AsyncClient(timeout=PATIENCE)
        self.clients = cast(self._http)
        self._tasks = [asyncio.create_task(client.live(), name=client.seat.name) for client in self.clients]

    @property
    def there(self) -> bool:
        """Whether every client has arrived and heard that it is up to date."""
        return all(client.resumed for client in self.clients)

    async def begin(self) -> None:
        """Let the authors write."""
        for client in self.clients:
            if isinstance(client, Author):
                client.begun.set()

    async def dismiss(self) -> None:
        """End all clients. What ended one before its time is raised here."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.clients, self._tasks = [], []
        await self._http.aclose()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


@contextmanager
def gathered() -> Iterator[Crowd]:
    """A crowd with its thread, until the block ends."""
    crowd = Crowd()
    thread = threading.Thread(target=crowd.run, name="clients")
    thread.start()
    try:
        yield crowd
    finally:
        crowd.close()
        thread.join()
