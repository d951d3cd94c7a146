"""Questions to one organisation's database that come together are answered together.

When two thousand sockets come back at once, each asks whose session it has and what it has missed. The first asks at
once; whoever comes while that is under way waits and is asked for with all the others, in one call. Alone, nobody is
delayed, and a crowd costs a few statements instead of a few for each.
"""

import asyncio
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from tenants.db import in_tenant
from tenants.models import Organisation

MOST_TOGETHER = 200

type Together[Q, A] = Callable[[Sequence[Q]], list[A]]


class _Line[Q, A]:
    """Who waits for one function's answers from one organisation, in one event loop."""

    def __init__(self, organisation: Organisation, answer: Together[Q, A]) -> None:
        self._organisation, self._answer = organisation, answer
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self.task: asyncio.Task[None] | None = None

    def ask(self, question: Q) -> asyncio.Future[A]:
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self.task is None:
            self.task = asyncio.create_task(self._serve(), name="together")
        return future

    async def _serve(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), MOST_TOGETHER)
                batch = [self._waiting.popleft() for _ in range(count)]
                if asking := [one for one in batch if not one[1].done()]:  # some went away
                    await self._serve_batch(asking)
        finally:
            self.task = None

    async def _serve_batch(self, batch: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await in_tenant(self._organisation, self._answer, [question for question, _ in batch])
            answered = list(zip(batch, answers, strict=True))
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, InterfaceError | OperationalError):
                for one in batch:  # Postgres is there, so it is one of them: that one fails alone
                    await self._serve_batch([one])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in answered:
            if not future.done():
                future.set_result(answer)


_lines: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Any, _Line[Any, Any]]]" = (
    weakref.WeakKeyDictionary()
)


async def together[Q, A](organisation: Organisation, answer: Together[Q, A], question: Q) -> A:
    """The answer of `answer([…, question, …])`, which gets a list of questions inside the organisation, in one
    transaction, and returns their answers in order. Raises what it raises; one bad question fails alone."""
    lines = _lines.setdefault(asyncio.get_running_loop(), {})
    key = organisation.schema_name, answer
    line = lines.get(key)
    if line is None:
        line = lines[key] = _Line(organisation, answer)
    try:
        return await line.ask(question)
    finally:
        if line.task is None:
            lines.pop(key, None)
