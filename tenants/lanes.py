"""Work of many organisations on few threads, each of which keeps its connection while there is more to do.

`tenants.db.in_tenant` visits a thread for each call, and takes a connection from the pool and gives it back. Where calls
come one upon the other that was a quarter of the CPU of a post: the thread slept and was woken for each of them. Here it
takes the next piece of work itself, enters its organisation on the same connection, and ends when nothing comes. Posts
come this way (chat.writer), and HTTP requests (tenants.http).
"""

import asyncio
import contextlib
import itertools
import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Protocol

from tenants.db import leave, on_thread

LINGER = 0.002  # seconds for which a thread without work keeps its connection
PATIENCE = 0.005  # seconds after which a piece of work is no longer waited for
AHEAD = 8  # pieces among which a lane looks for one of its own
MOST_IN_A_ROW = 1000  # pieces; then the connection goes back once: the pool ends those that are old


class Overloaded(RuntimeError):
    """More waits than can be done soon: who asked may try again."""


class Work(Protocol):
    """A piece of work. It enters an organisation by itself, and leaves it."""

    def do(self) -> Any:
        """In a thread, when it is its turn. Where it raises, the thread's connection is given back."""

    def done(self, answer: Any, error: BaseException | None) -> None:
        """In the event loop: what `do` returned, or what it raised."""


type _Put = tuple[asyncio.AbstractEventLoop, Work, int | None]
type _Door = SimpleQueue[_Put]  # each lane's own


class Lanes:
    """`few` threads at a time, for work in the order in which it came. A piece that takes longer than `patience` (a
    locked row, a slow disk, a long search) does not count as one of them: others take its place, up to `most` in all.

    The one that worked last works next: its connection's process is warm. In turns they cost Postgres a fifth more.
    Of what waits, each takes what is of its own `kin` first, but nothing is passed over for long.
    `start` gives a function a thread, by default one of `tenants.db`.
    """

    def __init__(
        self,
        few: int,
        most: int,
        patience: float = PATIENCE,
        start: Callable[[Callable[[], None]], object] = on_thread,
    ) -> None:
        self._few, self._most, self._patience, self._start = few, most, patience, start
        self._lock = threading.Lock()
        self._waiting: deque[_Put] = deque()
        self._idle: list[_Door] = []
        self._since: dict[_Door, float] = {}  # when each lane began with its piece
        self._numbers: dict[_Door, int] = {}  # of each lane, the smallest that was free
        self._passed_over = 0  # how often what waits longest was
        self._lanes = 0
        self._watching: asyncio.AbstractEventLoop | None = None

    def put(self, work: Work, kin: int | None = None) -> None:
        """Let `work` be done when it is its turn; the running event loop hears of it.

        Pieces of the same `kin`, such as an organisation's, go to the same lane where that delays nobody: its
        connection's process knows their tables and plans.
        """
        loop = asyncio.get_running_loop()
        put = loop, work, kin
        with self._lock:
            if self._idle:
                door = self._idle.pop()
                self._since[door] = monotonic()
                door.put(put)
                return
            self._waiting.append(put)
        if not self._open() and self._watching is not loop:
            self._watch(loop)

    def _open(self) -> bool:
        """Open a lane for what waits, if there may be another."""
        with self._lock:
            opens = self._lanes < self._most and self._moving() < self._few
            self._lanes += opens
        if opens:
            self._start(self._serve)
        return opens

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watching = loop
        loop.call_later(self._patience, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """See to it that something goes on while work waits."""
        self._watching = None
        if self._waiting:
            self._open()
            self._watch(loop)

    def _moving(self) -> int:
        """How many lanes are not held up by what they do."""
        before = monotonic() - self._patience
        return self._lanes - sum(since < before for since in self._since.values())

    def _serve(self) -> None:
        """What a thread does while there is work."""
        door: _Door = SimpleQueue()
        with self._lock:
            self._numbers[door] = min(set(range(self._most)).difference(self._numbers.values()))
        for count in itertools.count(1):
            put = self._next(door)
            if put is None:
                break
            _do(*put[:2])
            if count % MOST_IN_A_ROW == 0:
                _leave()
        _leave()

    def _next(self, door: _Door) -> _Put | None:
        """The next piece of work; None ends this lane."""
        with self._lock:
            self._since.pop(door, None)
            if self._moving() > self._few:
                return self._end(door)
            if self._waiting:
                self._since[door] = monotonic()
                return self._pick(self._numbers[door])
            self._idle.append(door)
        try:
            return door.get(timeout=LINGER)
        except Empty:
            with self._lock:
                if door in self._idle:
                    self._idle.remove(door)
                    return self._end(door)
            return door.get()  # it was put meanwhile

    def _pick(self, number: int) -> _Put:
        """What waits longest, or before it one of the lane's own."""
        ahead = itertools.islice(self._waiting, AHEAD if self._passed_over < AHEAD else 1)
        own = (at for at, (*_, kin) in enumerate(ahead) if kin is not None and kin % self._few == number)
        place = next(own, 0)
        self._passed_over = self._passed_over + 1 if place else 0
        put = self._waiting[place]
        del self._waiting[place]
        return put

    def _end(self, door: _Door) -> None:
        self._lanes -= 1
        del self._numbers[door]


def _do(loop: asyncio.AbstractEventLoop, work: Work) -> None:
    answer, error = None, None
    try:
        answer = work.do()
    except BaseException as raised:
        error = raised
        _leave()  # whatever state it is in, the next piece of work begins with another connection
    with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits for it any more
        loop.call_soon_threadsafe(work.done, answer, error)


def _leave() -> None:
    with contextlib.suppress(Exception):  # a lane that ended by it would be missing
        leave()
