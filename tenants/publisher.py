"""Publishing from synchronous code: after commit, without waiting.

Threads put envelopes on a bounded queue; one background thread of the process sends what has gathered in one
pipeline with a timeout of 100 ms. Nothing here can fail a request or delay its answer: a full queue or an absent
Valkey drops news and counts it. What rooms lost is healed from Postgres within seconds (DESIGN 2); what `activity`
lost is in no revision, so its personal sockets are told to ask for their state again as soon as Valkey answers.
"""

import atexit
import os
import queue
import threading

import redis
import structlog
from prometheus_client import Counter

from tenants import valkey
from tenants.events import EVERYONE, Envelope, frame, pack
from tenants.models import Organisation

log = structlog.get_logger(__name__)
_MOST_WAITING = 10_000
_MOST_TOGETHER = 256
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
    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[str, bytes]] = queue.Queue(_MOST_WAITING)
        self._pid = 0
        self._lock = threading.Lock()
        self._deprived: set[str] = set()  # channels of `activity` that have lost something

    def put(self, channel: str, payload: bytes) -> None:
        self._ensure_thread()
        try:
            self._waiting.put_nowait((channel, payload))
        except queue.Full:
            self._drop([(channel, payload)])

    def flush(self) -> None:
        """Wait two seconds at most for what was put so far to be sent, or for its loss to be told; for commands, which
        end at once.
        """
        if self._pid == os.getpid():
            waiting = self._waiting
            with waiting.all_tasks_done:
                waiting.all_tasks_done.wait_for(
                    lambda: not waiting.unfinished_tasks and not self._deprived, _FLUSH_SECONDS
                )

    def _ensure_thread(self) -> None:
        if self._pid != os.getpid():  # first use, or a forked process, which has no thread
            with self._lock:
                if self._pid != os.getpid():
                    self._waiting = queue.Queue(_MOST_WAITING)
                    threading.Thread(target=self._run, name="publisher", daemon=True).start()
                    self._pid = os.getpid()

    def _run(self) -> None:
        client = valkey.client()
        while True:
            batch: list[tuple[str, bytes]] = []
            try:
                batch.append(self._waiting.get(timeout=_AGAIN_SECONDS if self._deprived else None))
                while len(batch) < _MOST_TOGETHER:
                    batch.append(self._waiting.get_nowait())
            except queue.Empty:
                pass
            self._send(client, batch)
            for _ in batch:
                self._waiting.task_done()
            with self._waiting.all_tasks_done:  # `flush` waits also for what no task stands for
                self._waiting.all_tasks_done.notify_all()

    def _send(self, client: redis.Redis, batch: list[tuple[str, bytes]]) -> None:
        deprived = set(self._deprived)
        try:
            with client.pipeline(transaction=False) as pipeline:
                for channel, payload in (*batch, *((channel, _RESYNC) for channel in deprived)):
                    pipeline.publish(channel, payload)
                pipeline.execute()
            self._deprived -= deprived
        except Exception as error:  # whatever it is, this thread has to live
            self._drop(batch)
            log.warning("publications dropped", count=len(batch), error=repr(error))

    def _drop(self, batch: list[tuple[str, bytes]]) -> None:
        dropped.inc(len(batch))
        self._deprived.update(channel for channel, _ in batch if channel.endswith(f".{ACTIVITY}"))


_publisher = _Publisher()
atexit.register(_publisher.flush)


def publish(organisation: Organisation, envelope: Envelope) -> None:
    """Send `envelope` to its group of `organisation`. Call it after commit; never waits, never raises."""
    _publisher.put(channel_name(organisation.schema_name, envelope.group), pack(envelope))


flush = _publisher.flush
