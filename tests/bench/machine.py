"""Cores, processes and the CPU time they used. Linux only, as the benchmark is."""

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from config.embedded import PROJECT
from config.processes import end, spawn

SERVER_CORE, LOAD_CORE = 0, 1
_TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Within, this thread and whatever it starts run on one core (on the only one where there is one)."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[core % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def spawn_on(
    argv: Sequence[str], *, core: int, env: Mapping[str, str] | None = None, log: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs on `core` until the block ends."""
    with on_core(core):
        process = spawn(argv, environment=env, folder=PROJECT, log=log, at_our_death=signal.SIGKILL)
    try:
        yield process
    finally:
        end(process, (signal.SIGTERM, 5.0), group=True)


def cpu_seconds(*pids: int) -> float:
    """User and system time of these processes and of their children, living and waited for, in seconds."""
    return sum(_own(pid) for pid in set(_with_children(pids)))


def rss_bytes(*pids: int) -> int:
    """Memory that these processes hold (proportional set size: shared pages are counted once)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def _own(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    fields = stat[stat.rindex(")") + 2 :].split()
    # utime, stime, cutime, cstime: proc(5). The scheduler's own account is finer than ticks where it is there.
    waited_for = (int(fields[13]) + int(fields[14])) / _TICK
    precise = _scheduled(pid)
    return waited_for + (precise if precise is not None else (int(fields[11]) + int(fields[12])) / _TICK)


def _scheduled(pid: int) -> float | None:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return None


def _with_children(pids: Iterable[int]) -> Iterator[int]:
    for pid in pids:
        yield pid
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                children = (task / "children").read_text().split()
                yield from _with_children(map(int, children))
        except (FileNotFoundError, ProcessLookupError):
            continue
