"""One writer for each process and organisation: what arrives while a batch is under way makes the next batch.

At most one batch of an organisation is under way in a process, so a locked room or a slow commit holds one thread
and not the whole pool (eight posts to one locked room filled a pool of eight, PITFALLS). Alone, a post is not
delayed: the first one starts at once. Under load a batch waits a millisecond for those who were answered with the last
one, so that they do not fall apart into one that starts at once and the rest behind it. Where many organisations post, a few batches are under way and the others
wait in turn, each growing until it is its turn: more threads at once would only make smaller batches.
"""

import asyncio
import contextlib
import weakref
from collections import deque

from django.db import IntegrityError, InterfaceError, OperationalError

from chat.messages import Post, Posted, Refused, post_messages
from tenants.db import in_tenant
from tenants.models import Organisation

MOST_TOGETHER = 100
MOST_WAITING = 10_000
PAUSE = 0.001  # seconds that a batch waits under load
AT_ONCE = 4  # batches of a process: enough to keep a core busy while others wait for the disk


class Overloaded(RuntimeError):
    """More posts wait than can be stored soon; the browser keeps its own and tries again."""


class Writer:
    """The queue of posts of one organisation in one event loop."""

    def __init__(self, organisation: Organisation, turn: asyncio.Semaphore) -> None:
        self._organisation = organisation
        self.turn = turn
        self._waiting: deque[tuple[Post, asyncio.Future[Posted | Refused]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._together, self._ended = 0, 0.0  # who was answered last or waited then, and when that was
        self._gathered = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many posts are in no batch yet."""
        return len(self._waiting)

    def submit(self, post: Post) -> asyncio.Future[Posted | Refused]:
        """Queue `post`; the future has its answer once it is committed, or the error that prevented it."""
        if len(self._waiting) >= MOST_WAITING:
            raise Overloaded
        answer: asyncio.Future[Posted | Refused] = asyncio.get_running_loop().create_future()
        self._waiting.append((post, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._write(), name="writer")
        elif len(self._waiting) == self._together:
            self._gathered.set()
        return answer

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                async with self.turn:
                    batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
                    await self._write_batch(batch)
                self._together = min(len(batch) + len(self._waiting), MOST_TOGETHER) if len(batch) > 1 else 0
                self._ended = asyncio.get_running_loop().time()
        finally:
            self._task = None

    async def _gather(self) -> None:
        """Wait for as many as were together a moment ago, a millisecond at most."""
        if len(self._waiting) < self._together and asyncio.get_running_loop().time() - self._ended < PAUSE:
            self._gathered.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await self._gathered.wait()

    async def _write_batch(self, batch: list[tuple[Post, asyncio.Future[Posted | Refused]]]) -> None:
        try:
            answers = await self._post([post for post, _ in batch])
        except Exception as error:  # the commit failed for all of them
            if len(batch) > 1 and not isinstance(error, InterfaceError | OperationalError):
                for one in batch:  # Postgres is there, so it is one of them: that one fails alone
                    await self._write_batch([one])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), said in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(said)

    async def _post(self, posts: list[Post]) -> list[Posted | Refused]:
        try:
            return await in_tenant(self._organisation, post_messages, posts)
        except IntegrityError:
            if len(posts) > 1:
                raise
            return await in_tenant(self._organisation, post_messages, posts)  # now it is seen


class _Writers(dict[str, Writer]):
    """The writers of one event loop, by schema; they take turns."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = asyncio.Semaphore(AT_ONCE)


_writers: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Writers]" = weakref.WeakKeyDictionary()


def writer_of(organisation: Organisation) -> Writer:
    """The writer of `organisation` in the running event loop."""
    loop = asyncio.get_running_loop()
    writers = _writers.get(loop)
    if writers is None:
        writers = _writers[loop] = _Writers()
    found = writers.get(organisation.schema_name)
    if found is None:
        found = writers[organisation.schema_name] = Writer(organisation, writers.turn)
    return found
