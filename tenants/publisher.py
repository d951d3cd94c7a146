"""Publishing from any thread: after commit, without waiting.

Envelopes gather until the event loop comes round and go out in one write that never waits; a process without sockets
writes at once. A background thread connects, and looks at Valkey's answers every 20 ms while some are owed. It is not
woken for each message: that hop cost 15 % of a delivery in small rooms (18.2 against 14.8 us with ten readers).

Nothing here can fail a request or delay its answer: an absent Valkey, or one that does not answer within 100 ms, drops
news and counts it. What rooms lost is healed from Postgres within seconds (DESIGN 2); what `activity` lost is in no
revision, so its personal sockets are told to ask for their state again as soon as Valkey answers.
"""

import asyncio
import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Sequence

import hiredis
import structlog
from prometheus_client import Counter

from tenants.events import EVERYONE, Envelope, frame, pack
from tenants.models import Organisation
from tenants.pipe import Pipe, publish_command

log = structlog.get_logger(__name__)
_MOST_OWED = 10_000
_LOOK_SECONDS = 0.02
_ANSWER_SECONDS = 0.1
_FLUSH_SECONDS = 2.0
_AGAIN_SECONDS = 0.5
ACTIVITY = "activity"
_RESYNC = pack(Envelope(group=ACTIVITY, topics=(EVERYONE,), frame=frame("resync")))
dropped = Counter(
    "parley_publications_dropped_total", "Envelopes that did not reach Valkey; healed from Postgres."
)


def channel_name(schema_name: str, group: str) -> str:
    """The name on the wire of an organisation's group: the schema comes first, so no group crosses over."""
    return f"parley.{schema_name}.{group}"


class _Publisher:
    """`_waiting` is not written yet, `_owed` is written and not answered. The lock is held for a write at most."""

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loops_thread = 0
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._pipe: Pipe | None = None
        self._waiting: list[tuple[str, bytes]] = []
        self._owed: deque[tuple[float, str]] = deque()  # when it was written, and its channel
        self._deprived: set[str] = set()  # channels of `activity` that have lost something
        self._watch = threading.Event()

    def send_from(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let what is put gather until `loop`, the running one, comes round. It would cost a write for each otherwise."""
        self._loop, self._loops_thread = loop, threading.get_ident()

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        return self._loop

    def put(self, channel: str, payload: bytes) -> None:
        if self._thread is None:
            self._ensure_thread()
        command = publish_command(channel, payload)
        with self._lock:
            if len(self._waiting) + len(self._owed) >= _MOST_OWED:
                self._drop([channel])
                return
            self._waiting.append((channel, command))
            first = len(self._waiting) == 1
        if first:
            self._write_soon()

    def flush(self) -> None:
        """Wait two seconds at most for what was put so far to be sent, or for its loss to be told; for commands, which
        end at once.
        """
        deadline = time.monotonic() + _FLUSH_SECONDS
        while self._thread is not None and self._busy and time.monotonic() < deadline:
            self._write()
            self._look()
            time.sleep(0.001)

    def _ensure_thread(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()

    def _write_soon(self) -> None:
        loop = self._loop
        try:
            if loop is None:
                self._write()
            elif self._loops_thread == threading.get_ident():
                loop.call_soon(self._write)
            else:
                loop.call_soon_threadsafe(self._write)
        except RuntimeError:  # that loop was closed
            self._loop = None
            self._write()
        if not self._watch.is_set():
            self._watch.set()

    def _write(self) -> None:
        """Send what waits, if Valkey is there; the thread sees to the rest."""
        with self._lock:
            if self._pipe is None:
                return
            try:
                if not self._owed:  # after a pause: is the connection still there?
                    self._hear(self._pipe)
                waiting, self._waiting = self._waiting, []
                now = time.monotonic()
                self._owed.extend([(now, channel) for channel, _ in waiting])
                self._pipe.write([command for _, command in waiting])
            except Exception as error:  # whatever it is, the caller has done its work
                self._break_up(error)

    def _hear(self, pipe: Pipe) -> None:
        for answer in pipe.answers():
            _, channel = self._owed.popleft()
            if isinstance(answer, hiredis.HiredisError):
                self._drop([channel])

    # -- The thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._watch.wait()
            self._connect()
            time.sleep(_LOOK_SECONDS)
            self._write()  # where no loop came round, or the socket took only a part
            self._look()
            if self._deprived:
                time.sleep(_AGAIN_SECONDS)
            with self._lock:
                if not self._busy:
                    self._watch.clear()

    @property
    def _busy(self) -> bool:
        with self._lock:  # or what is being written would be nowhere
            return bool(self._waiting or self._owed or self._deprived)

    def _connect(self) -> None:
        """Where there is no connection make one; tell those who have lost something."""
        if self._pipe is not None and not self._deprived:
            return
        try:
            pipe = self._pipe or Pipe()
        except Exception as error:  # whatever it is, this thread has to live
            with self._lock:
                waiting, self._waiting = self._waiting, []
                self._lose([channel for channel, _ in waiting], error)
            return
        with self._lock:
            self._pipe = pipe
            deprived, self._deprived = self._deprived, set()
            self._waiting += [(channel, publish_command(channel, _RESYNC)) for channel in deprived]
        self._write()

    def _look(self) -> None:
        """Take the answers that came; one that is late means that Valkey is away."""
        with self._lock:
            if self._pipe is not None:
                try:
                    self._hear(self._pipe)
                    if self._owed and time.monotonic() - self._owed[0][0] > _ANSWER_SECONDS:
                        raise TimeoutError("Valkey does not answer")
                except Exception as error:  # as in _write
                    self._break_up(error)

    def _break_up(self, error: Exception) -> None:
        """End the connection. What was written has got lost for all we know; what waits goes with the next one."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        owed, self._owed = self._owed, deque()
        self._lose([channel for _, channel in owed], error)

    def _lose(self, channels: Sequence[str], error: Exception) -> None:
        if channels:
            self._drop(channels)
            log.warning("publications dropped", count=len(channels), error=repr(error))

    def _drop(self, channels: Sequence[str]) -> None:
        dropped.inc(len(channels))
        self._deprived.update(channel for channel in channels if channel.endswith(f".{ACTIVITY}"))


_publisher = _Publisher()
atexit.register(_publisher.flush)
os.register_at_fork(
    after_in_child=_publisher._start_over
)  # a forked process has no thread, loop or connection


def publish(organisation: Organisation, envelope: Envelope) -> None:
    """Send `envelope` to its group of `organisation`. Call it after commit; never waits, never raises."""
    _publisher.put(channel_name(organisation.schema_name, envelope.group), pack(envelope))


def publishing_loop() -> asyncio.AbstractEventLoop | None:
    """The loop whose sockets this process serves; None where it has none."""
    return _publisher.loop


flush = _publisher.flush
send_from = _publisher.send_from
