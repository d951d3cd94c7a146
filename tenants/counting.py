"""Rate limits that are counted from the event loop: those of all who come at the same time in one round trip.

A thread that waits for Valkey sleeps and is woken for each request, and so is Valkey's process. A view whose answer is
awaited (tenants.awaited) leaves that to the event loop too: a tenth of the CPU of a post by form, at 16 clients.
"""

import asyncio
import weakref
from collections.abc import Callable

from tenants.ratelimits import Hit, command, uncounted, waits
from tenants.valkey import AsyncAsker

# Seconds, for those who are about to come: the core is busy with them, and then they are stored together (chat.writer).
_PAUSE = 0.002
_PAUSES = 5
_MOST_TOGETHER = 100


class _Counter:
    """Counts for one event loop. One question is under way at a time; who comes meanwhile is counted with the next."""

    def __init__(self) -> None:
        self._valkey = AsyncAsker()
        self._waiting: list[tuple[Hit, asyncio.Future[float]]] = []
        self._more_come: Callable[[], bool] = bool  # as far as who came last knows
        self._task: asyncio.Task[None] | None = None

    def count(self, hit: Hit, more_come: Callable[[], bool]) -> asyncio.Future[float]:
        wait: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append((hit, wait))
        self._more_come = more_come
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="counting")
        return wait

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                asking = self._waiting[:_MOST_TOGETHER]
                del self._waiting[:_MOST_TOGETHER]
                told = await self._ask([hit for hit, _ in asking])
                for (_, future), wait in zip(asking, told, strict=True):
                    if not future.done():
                        future.set_result(wait)
        finally:
            self._task = None

    async def _gather(self) -> None:
        for _ in range(_PAUSES):
            if len(self._waiting) >= _MOST_TOGETHER or not self._more_come():
                return
            await asyncio.sleep(_PAUSE)

    async def _ask(self, hits: list[Hit]) -> list[float]:
        try:
            return waits(await self._valkey.ask(*command(hits)))
        except Exception as error:  # whatever it is, nobody is stopped, and nobody waits for ever
            return uncounted(hits, error)


_counters: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Counter]" = weakref.WeakKeyDictionary()


def count(hit: Hit, more_come: Callable[[], bool]) -> asyncio.Future[float]:
    """As `ratelimits.hit`, in the event loop: how long to wait is in the future. While `more_come`, up to ten milliseconds
    pass until Valkey is asked."""
    loop = asyncio.get_running_loop()
    counter = _counters.get(loop)
    if counter is None:
        counter = _counters[loop] = _Counter()
    return counter.count(hit, more_come)
