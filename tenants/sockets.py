"""One socket of a browser as the hub sees it: ready bytes go out, and a slow reader is told to come back.

Sending costs no task: the ASGI `send` coroutine is driven by hand, and only when the server makes it wait (uvicorn's
write flow control) does a task finish it. Servers without back-pressure (daphne) are bounded all the same, because
the browser acknowledges the revision it has applied and the socket counts what it has not (DESIGN 2).

What a room hands on at once is a `Batch`, made once for all its readers. A server that takes ready frames (our
protocol class, `tenants.websocket`) gets it as one write for each reader, any other as ordinary ASGI messages.
"""

import asyncio
import functools
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any

from tenants.events import UNAVAILABLE, Envelope, frame
from tenants.websocket import FRAMES, frames

MOST_FRAMES = 256
MOST_BYTES = 1024 * 1024
_RESYNC = frame("resync").decode()

type Send = Callable[[dict[str, Any]], Awaitable[None]]


class Batch:
    """Envelopes of one room that are handed on together. `after` is where the first ordered one begins."""

    __slots__ = ("_messages", "after", "bytes", "envelopes", "frames", "joined", "owed", "revision")

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        ordered = [envelope for envelope in envelopes if envelope.revision]
        self.envelopes = envelopes
        self.after = ordered[0].after if ordered else 0
        self.revision = ordered[-1].revision if ordered else 0
        self.frames = len(envelopes)
        self.bytes = sum([len(envelope.frame) for envelope in envelopes])
        # What each reader will have to acknowledge; one tuple for all of them, because a thousand would wake the
        # garbage collector at every batch.
        self.owed = (self.revision, self.frames, self.bytes)
        # All of it as bytes for a server that takes ready frames (tenants.websocket).
        self.joined = frames.encode_texts([envelope.frame for envelope in envelopes])
        self._messages: list[dict[str, Any]] | None = None

    def messages(self) -> list[dict[str, Any]]:
        """All of it for a server that knows only ASGI."""
        if self._messages is None:
            texts = [envelope.frame.decode() for envelope in self.envelopes]
            self._messages = [{"type": "websocket.send", "text": text} for text in texts]
        return self._messages


class Socket:
    """An accepted socket. `revision` is what it was sent up to; `topics` are its topics in `activity`.

    States: *catching up* (frames wait in `early` until the database was read), *live*, *stalled* (too far behind:
    nothing more is sent until it resumes) and *closed*.
    """

    __slots__ = (
        "_blocked",
        "_bytes",
        "_count",
        "_queue",
        "_send",
        "_write_frames",
        "closed",
        "early",
        "member_of",
        "person_id",
        "revision",
        "session_key",
        "stalled",
        "topics",
        "unacknowledged",
        "wants",
    )

    def __init__(
        self,
        send: Send,
        topics: set[str],
        *,
        person_id: int,
        session_key: str,
        member_of: int = 0,
        wants: frozenset[str] = frozenset(),
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        self._send = send
        ready = (extensions or {}).get(FRAMES)
        self._write_frames: Callable[[bytes], bool] | None = ready and ready["write"]
        self.topics = topics
        self.person_id = person_id
        self.session_key = session_key
        self.member_of = member_of  # the room whose membership it depends on, or 0
        self.wants = wants  # of what a room sends to some only; one object for many sockets
        self.revision = 0
        self.early: list[tuple[int, str]] | None = None
        self.stalled = False
        self.closed = False
        self.unacknowledged: list[
            tuple[int, int, int]
        ] = []  # (revision, frames, bytes), one for each revision
        self._count = 0
        self._bytes = 0
        self._queue: deque[dict[str, Any]] | None = (
            None  # behind a send that waits; an empty deque takes 600 bytes
        )
        self._blocked: asyncio.Task[None] | None = None

    def deliver(self, text: str, revision: int = 0) -> None:
        """Hand on a live frame. With a revision it is dropped where the socket already has that revision."""
        if self.closed or self.stalled:
            return
        if self.early is not None:
            self.early.append((revision, text))
            self._bytes += len(text)
            if len(self.early) >= MOST_FRAMES or self._bytes >= MOST_BYTES:
                self.early.clear()  # too many to keep: they are read from the database once more
                self._stall()
            return
        if revision:
            if revision <= self.revision:
                return
            self.revision = revision
        if self._owe((revision, 1, len(text))):
            self.write({"type": "websocket.send", "text": text})

    def deliver_batch(self, batch: Batch) -> None:
        """Hand on what its room hands on; a reader who has some of it, or is catching up, takes it one by one."""
        if self.closed or self.stalled:
            return
        if self.early is not None or (batch.revision and self.revision > batch.after):
            for envelope in batch.envelopes:
                self.deliver(envelope.frame.decode(), envelope.revision)
            return
        if batch.revision:
            # Newer than anything that is owed. `_owe`, written out: a call for each reader is much of what it costs here.
            self.revision = batch.revision
            self.unacknowledged.append(batch.owed)
            self._count += batch.frames
            self._bytes += batch.bytes
            if self._count >= MOST_FRAMES or self._bytes >= MOST_BYTES:
                self._stall()
                return
        elif not self._owe(batch.owed):
            return
        write = self._write_frames
        if write is None:
            for message in batch.messages():
                self.write(message)
            return
        try:
            written = self._blocked is None and write(batch.joined)
        except Exception:  # as in write()
            self.closed = True
        else:
            if not written:
                self.write({"type": FRAMES, "data": batch.joined})

    def begin_catching_up(self) -> None:
        self.early, self.stalled = [], False
        self.unacknowledged.clear()
        self._count = self._bytes = 0

    def caught_up(self, revision: int) -> None:
        """The database was read up to `revision` and sent: let what arrived meanwhile follow."""
        self.revision = max(self.revision, revision)
        early, self.early = self.early or [], None
        self._bytes = 0
        for frame_revision, text in early:
            self.deliver(text, frame_revision)

    def acknowledge(self, revision: int) -> int:
        """The browser has applied everything up to `revision`; returns how many frames those were."""
        waiting, before = self.unacknowledged, self._count
        if waiting and waiting[-1][0] <= revision:  # all of it, as mostly
            waiting.clear()
            self._count = self._bytes = 0
            return before
        known = 0
        while known < len(waiting) and waiting[known][0] <= revision:
            _, count, size = waiting[known]
            self._count -= count
            self._bytes -= size
            known += 1
        del waiting[:known]
        return before - self._count

    async def taken(self) -> None:
        """Return when nothing waits for the reader any more."""
        while self._blocked is not None:
            await asyncio.wait([self._blocked])

    def close(self, code: int) -> None:
        """Send the close frame before anything that still waits for the reader, who may never take it."""
        if not self.closed:
            self.closed = True
            self._queue = None
            if self._blocked is not None:
                self._blocked.cancel()
                self._blocked = None
            self.write({"type": "websocket.close", "code": code})

    def write(self, message: dict[str, Any]) -> None:
        """Send an ASGI message now, or in order behind those that wait for the reader."""
        if self._blocked is not None:
            self._queue = self._queue or deque()
            if len(self._queue) < 2 * MOST_FRAMES:
                self._queue.append(message)
            else:  # it makes us wait and asks for more, or acknowledges what it has not read
                self.close(UNAVAILABLE)
            return
        coroutine: Any = self._send(message)
        try:
            waited_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception:  # the peer is gone (each server says so in its own way); its consumer hears of it
            self.closed = True
            return
        self._blocked = asyncio.create_task(self._finish(coroutine, waited_for))

    def _owe(self, owed: tuple[int, int, int]) -> bool:
        """Count what the browser will have to acknowledge; False where that is too much already."""
        waiting = self.unacknowledged
        revision, count, size = owed
        if not revision or (waiting and waiting[-1][0] == revision):
            owed = self._joined_with_last(count, size)
        waiting.append(owed)
        self._count += count
        self._bytes += size
        if self._count < MOST_FRAMES and self._bytes < MOST_BYTES:
            return True
        self._stall()
        return False

    def _joined_with_last(self, count: int, size: int) -> tuple[int, int, int]:
        """Unordered frames are acknowledged with the revision before them, and one entry for it is enough."""
        waiting = self.unacknowledged
        if waiting and waiting[-1][0] == self.revision:
            _, others, bytes_ = waiting.pop()
            return self.revision, others + count, bytes_ + size
        return self.revision, count, size

    def _stall(self) -> None:
        self.stalled = True
        self._queue = None
        self.write({"type": "websocket.send", "text": _RESYNC})

    async def _finish(self, coroutine: Coroutine[Any, Any, None], waited_for: Any) -> None:
        try:
            await _resumed(coroutine, waited_for)
            while self._queue:
                await self._send(self._queue.popleft())
        except Exception:  # as in write()
            self.closed = True
        finally:
            if self._blocked is asyncio.current_task():
                self._blocked = None


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, None], waited_for: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that was started by hand and waits for the future `waited_for`."""
    while True:
        try:
            value = yield waited_for
        except BaseException as error:
            step = functools.partial(coroutine.throw, error)
        else:
            step = functools.partial(coroutine.send, value)
        try:
            waited_for = step()
        except StopIteration:
            return
