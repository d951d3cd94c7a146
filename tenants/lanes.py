"""Work of many organisations on few threads, each of which keeps its connection while there is more to do.

`tenants.db.in_tenant` visits a thread for each call, and takes a connection from the pool and gives it back. Where calls
come one upon the other that was a quarter of the CPU of a post: the thread slept and was woken for each of them. Here it
takes the next piece of work itself, enters its organisation on the same connection, and ends when nothing comes. Posts
come this way (chat.writer), and HTTP requests (tenants.http).

Where pieces can be done together, a lane takes all that wait, and a moment later as many as were there before: one
wake-up, one transaction and one commit for several organisations.
"""

import asyncio
import contextlib
import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, NamedTuple, Protocol

from tenants.db import leave, on_thread, settle

LINGER = 0.002  # seconds for which a thread without work keeps its connection
PATIENCE = 0.005  # seconds after which a piece of work is no longer waited for
PAUSE = 0.001  # seconds for which a lane waits for as many pieces as were there when it took the last ones
MOST_TOGETHER = 32  # pieces
MOST_IN_A_ROW = 1000  # turns; then the connection goes back once: the pool ends those that are old


class Overloaded(RuntimeError):
    """More waits than can be done soon: who asked may try again."""


class Work(Protocol):
    """A piece of work. It enters an organisation by itself, and leaves it."""

    def do(self) -> Any:
        """In a thread, when it is its turn. Where it raises, the thread's connection is given back."""

    def done(self, answer: Any, error: BaseException | None) -> None:
        """In the event loop: what `do` returned, or what it raised."""


class _Put(NamedTuple):
    loop: asyncio.AbstractEventLoop
    work: Work
    alone: bool


type Said = tuple[Any, BaseException | None]  # what `do` returned or raised
type Together = Callable[[list[Any]], Sequence[Said]]
type _Door = SimpleQueue[_Put]  # each lane's own


class Lanes:
    """`few` threads at a time, for work in the order in which it came. A piece that takes longer than `patience` (a
    locked row, a slow disk, a long search) does not count as one of them: others take its place, up to `most` in all.

    The one that worked last works next: its connection's process is warm. In turns they cost Postgres a fifth more.
    `start` gives a function a thread, by default one of `tenants.db`. `together` does one or several pieces at once, all but
    those that are alone, and says of each what `do` would have; where it raises, all of them have failed.
    A thread without work keeps its connection for `linger` seconds.
    """

    def __init__(
        self,
        few: int,
        most: int,
        patience: float = PATIENCE,
        start: Callable[[Callable[[], None]], object] = on_thread,
        together: Together | None = None,
        linger: float = LINGER,
    ) -> None:
        self._linger = linger
        self._few, self._most, self._patience, self._start = few, most, patience, start
        self._together = together
        self._lock = threading.Lock()
        self._enough = threading.Condition(self._lock)
        self._expected = 0  # pieces, until which a lane waits for more
        self._waiting: deque[_Put] = deque()
        self._idle: list[_Door] = []
        self._since: dict[_Door, float] = {}  # when each lane began with its piece
        self._lanes = 0
        self._watching: asyncio.AbstractEventLoop | None = None

    def put(self, work: Work, *, alone: bool = False) -> None:
        """Let `work` be done when it is its turn; the running event loop hears of it. What is `alone` is not done together
        with others, and as it may wait for somebody, its lane does not count.
        """
        loop = asyncio.get_running_loop()
        put = _Put(loop, work, alone)
        with self._lock:
            if self._idle:
                door = self._idle.pop()
                self._since[door] = _began(put)
                door.put(put)
                return
            self._waiting.append(put)
            if len(self._waiting) == self._expected:
                self._enough.notify_all()
        if not self._open() and self._watching is not loop:
            self._watch(loop)

    def waiting(self, most: int) -> list[Work]:
        """What waits, and of it so many that wait longest. From any thread."""
        with self._lock:
            return [put.work for put in itertools.islice(self._waiting, most)]

    def is_busy(self) -> bool:
        """Whether something is under way, or waits. From any thread."""
        return bool(self._waiting or self._since)

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
        around = 0  # pieces that this lane did and left waiting
        for count in itertools.count(1):
            puts = self._next(door, around)
            if not puts:
                break
            self._do(puts)
            around = 0 if puts[0].alone or not self._together else len(puts) + len(self._waiting)
            if count % MOST_IN_A_ROW == 0:
                _leave()
        _leave()

    def _next(self, door: _Door, around: int) -> list[_Put]:
        """The next piece of work, or several that are done together; none ends this lane."""
        with self._lock:
            self._since.pop(door, None)
            if around > 1:
                self._expected = min(around, MOST_TOGETHER)
                self._enough.wait_for(lambda: len(self._waiting) >= self._expected, PAUSE)
                self._expected = 0
            if self._moving() > self._few:
                self._lanes -= 1
                return []
            if self._waiting:
                puts = self._pick()
                self._since[door] = _began(puts[0])
                return puts
            self._idle.append(door)
        return self._rest(door)

    def _rest(self, door: _Door) -> list[_Put]:
        """Keep the connection until there is another piece; none comes: this lane ends."""
        try:
            put = door.get(timeout=self._linger)
        except Empty:
            with self._lock:
                if door in self._idle:
                    self._idle.remove(door)
                    self._lanes -= 1
                    return []
            put = door.get()  # it was put meanwhile
        with contextlib.suppress(Exception):  # the piece will say it
            settle(rested=True)  # Postgres may have ended the connection, and another is to be had
        return [put]

    def _pick(self) -> list[_Put]:
        """What waits longest, and what can be done together with that."""
        first = self._waiting.popleft()
        if self._together is None or first.alone or not self._waiting:
            return [first]
        puts, others = [first], deque[_Put]()
        for put in self._waiting:
            joins = put.loop is first.loop and not put.alone and len(puts) < MOST_TOGETHER
            (puts if joins else others).append(put)
        self._waiting = others
        return puts

    def _do(self, puts: list[_Put]) -> None:
        works, loop = [put.work for put in puts], puts[0].loop
        said: Sequence[Said]
        try:
            if puts[0].alone and self._waiting:
                self._open()  # beside this one, which may take long
            if self._together is None or puts[0].alone:
                said = [(works[0].do(), None)]
            else:
                said = self._together(works)
        except BaseException as raised:
            said = [(None, raised)] * len(works)
            _leave()  # whatever state it is in, the next piece of work begins with another connection
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits for it any more
            loop.call_soon_threadsafe(_tell, loop, works, said)


def _tell(loop: asyncio.AbstractEventLoop, works: list[Work], said: Sequence[Said]) -> None:
    first, *others = zip(works, said, strict=True)
    for work, (answer, error) in others:  # each by itself: one that raises keeps nothing from the others
        loop.call_soon(work.done, answer, error)
    first[0].done(*first[1])


def _began(put: _Put) -> float:
    return 0.0 if put.alone else monotonic()  # long ago: it is not waited for


def _leave() -> None:
    with contextlib.suppress(Exception):  # a lane that ended by it would be missing
        leave()
