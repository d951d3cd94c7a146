"""One writer for each process and organisation: what arrives while a batch is under way makes the next batch.

At most one batch of an organisation is under way in a process, so a locked room or a slow commit holds one thread
and not the whole pool (eight posts to one locked room filled a pool of eight, PITFALLS). Alone, a post is not
delayed: the first one starts at once. Under load a batch waits a millisecond for those who were answered with the last
one, so that they do not fall apart into one that starts at once and the rest behind it. Who posts by form comes back with a
whole request, so where all did it waits for as long as requests are under way, and until thirty have passed at most: the
core is busy with them, and a batch that went before would only be smaller.
Where many organisations post, the batches that wait are stored together as well, each in its own schema and role, in one
transaction (tenants.joined). None waits there for another's locks, files or long texts: what may be more than little work, or
finds its room locked, is stored alone, beside the others, and so is each of those where anything went wrong. Who then fails
or is slow alone stays apart for a while, twice as long each time.
"""

import asyncio
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

from django.db import IntegrityError, InterfaceError, OperationalError

from chat.messages import post_messages, steps_of_posting
from chat.posts import Post, Posted, Refused
from tenants.db import within
from tenants.joined import Held, joined
from tenants.lanes import Lanes, Overloaded, Said
from tenants.models import Organisation

MOST_TOGETHER = 100
MOST_WAITING = 10_000
PAUSE = 0.001  # seconds that a batch waits under load
PAUSE_BY_FORM = 0.03  # at most, where all posted by form
LOOK = 0.002  # seconds after which it looks whether more of them come
AT_ONCE = 1  # transaction of a process: what arrives meanwhile goes together with the next one
AT_MOST = 4  # where that does not go on, or waits for a lock
FEW = 10  # posts of an organisation that share with others: more are worth a transaction of their own
APART, APART_AT_MOST = 1.0, 60.0  # seconds for which who spoilt it for others is stored alone
SLOW = 0.1  # seconds that a light batch takes alone where something is the matter: a trigger, an index
# Seconds after which it does not. Nobody waits for a lock in it. On a busy core others would come late, too, and with
# connections that may know no organisation's tables yet.
PATIENCE = 0.2

type Answer = asyncio.Future[Posted | Refused]


@dataclass(slots=True)
class _Batch:
    """Posts that are stored together, or one that is tried alone."""

    posts: list[tuple[Post, Answer]]
    tried: bool = False
    shared: bool = False  # with those of other organisations
    suspect: bool = False  # it failed together with others: now it is seen whose fault that was
    began: float = field(default_factory=monotonic)

    def answer(self, answers: list[Posted | Refused]) -> None:
        for (_, future), said in zip(self.posts, answers, strict=True):
            if not future.done():
                future.set_result(said)

    def fail(self, error: BaseException) -> None:
        for _, future in self.posts:
            if not future.done():
                future.set_exception(error)

    def after(self, error: BaseException) -> "list[_Batch]":
        """What is worth another try."""
        if self.shared and not _is_away(error):
            return [_Batch(self.posts, suspect=not isinstance(error, Held))]  # whoever's fault it was
        if isinstance(error, InterfaceError | OperationalError) or not isinstance(error, Exception):
            return []  # Postgres is away, for all of them
        if len(self.posts) > 1:
            return [_Batch([one]) for one in self.posts]  # it is one of them: that one fails alone
        if isinstance(error, IntegrityError) and not self.tried:
            return [_Batch(self.posts, tried=True)]  # the same post was stored meanwhile: now it is seen
        return []


def _is_away(error: BaseException) -> bool:
    """Whether there was no Postgres to say so."""
    return isinstance(error, InterfaceError | OperationalError) and not getattr(
        error.__cause__, "sqlstate", None
    )


def _always() -> bool:
    return True


class Writer:
    """The queue of posts of one organisation in one event loop."""

    def __init__(self, organisation: Organisation, lanes: Lanes) -> None:
        self.organisation = organisation
        self._lanes = lanes
        self._waiting: deque[tuple[Post, Answer]] = deque()
        self._again: deque[_Batch] = deque()
        self._batch = _Batch([])  # the one under way
        self._busy = False  # a batch is about to go, waits for its turn, or is under way
        self._going: asyncio.Handle | None = None  # it is about to go
        self._gathering = False  # and waits for those who were together
        self._pause = PAUSE_BY_FORM  # the shortest of those who came since nobody waited
        self._more_come: Callable[[], bool] = _always  # as far as who came last knows
        self._together, self._ended = 0, 0.0  # who was answered last or waited then, and when that was
        self._apart, self._apart_until = APART, 0.0

    @property
    def waiting(self) -> int:
        """How many posts are in no batch yet."""
        return len(self._waiting)

    def submit(self, post: Post, *, by_form: Callable[[], bool] | None = None) -> Answer:
        """Queue `post`; the future has its answer once it is committed, or the error that prevented it. Whoever posted by
        form tells whether other requests are under way.

        Raises Overloaded when more posts wait than can be stored soon.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Overloaded
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting.append((post, answer))
        pause = PAUSE_BY_FORM if by_form else PAUSE
        hurries, self._pause = pause < self._pause, min(pause, self._pause)
        self._more_come = by_form or _always
        if not self._busy or (self._gathering and (hurries or len(self._waiting) >= self._together)):
            self._gather()
        return answer

    def _gather(self) -> None:
        """Wait for as many as were together a moment ago, a pause at most; else for what the loop has in hand."""
        loop = asyncio.get_running_loop()
        if self._going is not None:
            self._going.cancel()
        self._busy = True
        self._gathering = self._is_worth_waiting()
        if self._gathering:
            self._going = loop.call_later(min(self._pause, LOOK), self._look)
        else:
            self._going = loop.call_soon(self._go)

    def _is_worth_waiting(self) -> bool:
        soon = asyncio.get_running_loop().time() - self._ended < self._pause
        return soon and len(self._waiting) < self._together and self._more_come()

    def _look(self) -> None:
        if self._is_worth_waiting():
            self._going = asyncio.get_running_loop().call_later(LOOK, self._look)
        else:
            self._go()

    def _go(self) -> None:
        self._going, self._gathering = None, False
        apart = asyncio.get_running_loop().time() < self._apart_until
        self._put(alone=apart or len(self._waiting) > FEW or not self._waiting[0][0].is_light)

    def _put(self, *, alone: bool) -> None:
        self._lanes.put(self, alone=alone)

    def do(self) -> list[Posted | Refused]:
        """In a thread, when it is its turn: store what waits by now."""
        return within(self.organisation, post_messages, [post for post, _ in self._take().posts])

    @staticmethod
    def do_together(writers: "list[Writer]") -> list[Said]:
        """In a thread: store what waits in several organisations. Where this raises, nothing of it is stored."""
        pieces = []
        for writer in writers:
            posts = [post for post, _ in writer._take(shared=True).posts]
            pieces.append((writer.organisation, partial(steps_of_posting, posts)))
        return [(None, one) if isinstance(one, Held) else (one, None) for one in joined(pieces)]

    def _take(self, *, shared: bool = False) -> "_Batch":
        if self._again:
            self._batch = self._again.popleft()
            self._batch.began = monotonic()
            return self._batch
        self._batch = _Batch([], shared=shared)
        for _ in range(min(len(self._waiting), FEW if shared else MOST_TOGETHER)):
            if shared and not self._waiting[0][0].is_light:
                break
            self._batch.posts.append(self._waiting.popleft())
        return self._batch

    def done(self, answers: list[Posted | Refused] | None, error: BaseException | None) -> None:
        """Back in the loop: tell who waits, and go on."""
        batch, self._batch = self._batch, _Batch([])
        if batch.suspect:
            self._judge(guilty=error is not None or monotonic() - batch.began > SLOW)
        try:
            if answers is not None:
                batch.answer(answers)
            elif error is not None:
                again = batch.after(error)
                self._again.extendleft(reversed(again))
                if not again:
                    batch.fail(error)
        finally:
            self._go_on(len(batch.posts))

    def _judge(self, *, guilty: bool) -> None:
        """Whether it was this one that spoilt it for others."""
        if guilty:
            self._apart_until = asyncio.get_running_loop().time() + self._apart
            self._apart = min(2 * self._apart, APART_AT_MOST)
        else:
            self._apart = APART

    def _go_on(self, count: int) -> None:
        if self._again:
            self._put(alone=True)
            return
        self._together = min(count + len(self._waiting), MOST_TOGETHER) if count > 1 else 0
        self._ended = asyncio.get_running_loop().time()
        self._busy = False
        if self._waiting:
            self._gather()
        else:
            self._pause = PAUSE_BY_FORM


class _Writers(dict[str, Writer]):
    """The writers of one event loop, by schema; they take turns."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes(AT_ONCE, AT_MOST, PATIENCE, together=Writer.do_together)


_writers: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Writers]" = weakref.WeakKeyDictionary()


def writer_of(organisation: Organisation) -> Writer:
    """The writer of `organisation` in the running event loop."""
    loop = asyncio.get_running_loop()
    writers = _writers.get(loop)
    if writers is None:
        writers = _writers[loop] = _Writers()
    found = writers.get(organisation.schema_name)
    if found is None:
        found = writers[organisation.schema_name] = Writer(organisation, writers.lanes)
    return found
