"""The peers that packages bring: other chat servers and sockets that do Parley's work in the same run.

Each module starts one peer, with a configuration of its own in a temporary folder, on core 0 and a port of 127.0.0.1:

    missing() -> str | None                  the packages to install, or None when everything is there
    running(bench) -> Iterator[Peer]         a context manager; raises Wrong when the peer does not start

The configurations are what one would run in production, and where we had to choose, to the peer's advantage: no logs
of requests, no compression, no limits on how much one person sends, no module beyond the work.
"""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.harness import Bench, Wrong
from tests.bench.load import Client, Plan, Result
from tests.bench.machine import cpu_seconds
from tests.bench.measures import SIZE

READERS = 100
START_SECONDS = 60


def _nothing_stored(result: Result) -> None:
    """A peer that only fans out; the load client has checked the deliveries."""


@dataclass(frozen=True)
class Peer:
    """A running server. `plan` has the sockets of one room; `pids` are whose CPU counts, children included.
    `check` raises Wrong unless all of a run's messages, and nothing else, were stored since the last check."""

    name: str
    plan: Plan
    pids: Mapping[str, int]
    check: Callable[[Result], None] = _nothing_stored

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU that each part has used."""
        return {part: cpu_seconds(pid) for part, pid in self.pids.items()}


def room(path: str, headers: Sequence[tuple[str, str]] = ()) -> list[Client]:
    """The sockets of one room's readers; the first sends too. {variable} is a reader's number."""
    return [
        Client(path, [("Host", "localhost"), *headers], sender=number == 0, variable=str(number))
        for number in range(READERS)
    ]


def plan(port: int, clients: list[Client], **words: object) -> Plan:
    """The same body as Parley's measures post."""
    return Plan(port, clients, size=SIZE, **words)  # type: ignore[arg-type]


@contextmanager
def started(
    bench: Bench,
    command: Sequence[str],
    port: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The server, once its port accepts connections; its output goes to a file in `folder`. Raises Wrong."""
    path = folder / "output"
    with (
        path.open("wb") as log,
        bench.spawn(command, core=bench.server_core, env=environment, log=log) as process,
    ):
        await_port(process, port, path)
        yield process


def await_port(
    process: subprocess.Popen[bytes], port: int, log: Path, ready: Callable[[int], bool] | None = None
) -> None:
    """Until 127.0.0.1 accepts connections, or `ready(port)`. Raises Wrong, with the last of what is in `log`."""
    deadline = time.monotonic() + START_SECONDS
    while not (ready or _accepts)(port):
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-3000:]
            raise Wrong(f"{process.args!r} did not start on port {port}:\n{said}")
        time.sleep(0.05)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
