"""What a program waits on this machine that is hardly a server: it computes for each message when that is due, and then
writes all that were due to the disk, as Postgres does with its log.

Beside each p99 in milliseconds, because those say much of the machine: a core and a disk that are shared with others take
their time. Its own computing is in it. Runs as a process of its own on the servers' core, while nobody posts:

    python -m tests.bench.bare FILE < one line of JSON for each window {"rate", "seconds", "computing"}

`computing` are seconds of CPU for each. It says when it is ready, and for each line the p99 in milliseconds, counted from
when a message was due, as Parley's is.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from config.embedded import PROJECT
from tests.bench.harness import Bench, Wrong

_MESSAGES = [{"id": f"m{number}", "author": f"p{number}", "html": "<p>" + "x" * 200} for number in range(8)]
_TRIES = 200
_PAGE, _PAGES = b"y" * 8192, 2048  # of a file as large as one of Postgres' log


@contextmanager
def bare(
    bench: Bench, folder: Path, *, rate: float, seconds: float, computing: float
) -> Iterator[Callable[[], float]]:
    """Measures one window each time it is called, writing to a file of its own in `folder`; returns its p99 in
    milliseconds. Raises Wrong."""
    plan = json.dumps({"rate": rate, "seconds": seconds, "computing": computing}).encode() + b"\n"
    with bench.on_core(bench.server_core):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.bare", str(folder / "bare")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
        )
    assert process.stdin
    assert process.stdout
    asks, answers = process.stdin, process.stdout

    def answer() -> bytes:
        if not (line := answers.readline()):
            raise Wrong("the bare program failed")
        return line

    def window() -> float:
        with suppress(OSError):  # it has ended, and gives no answer
            asks.write(plan)
            asks.flush()
        return float(answer())

    try:
        answer()  # it is ready: nobody shall be measured while it starts
        yield window
    finally:
        process.kill()
        process.wait()
        answers.close()
        with suppress(OSError):  # what it was not told any more
            asks.close()


def _piece() -> None:
    messages = json.loads(json.dumps(_MESSAGES))
    messages.sort(key=lambda message: message["author"])


def _cpu(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def p99(values: Sequence[float]) -> float:
    """The shortest of which 99 % are no longer, as the load client has it: of 100 values the 99th."""
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


def _window(file: int, rate: float, seconds: float, pieces: int) -> float:
    times: list[float] = []
    began, total, written = time.perf_counter(), round(rate * seconds), 0
    while len(times) < total:
        while (left := began + len(times) / rate - time.perf_counter()) > 0:
            time.sleep(left)
        due = min(total, int((time.perf_counter() - began) * rate) + 1)
        for _ in range(pieces * (due - len(times))):
            _piece()
        os.pwrite(file, _PAGE, written % _PAGES * len(_PAGE))
        os.fdatasync(file)
        written += 1
        now = time.perf_counter() - began
        times += [now - number / rate for number in range(len(times), due)]
    return p99(times) * 1000


def _main() -> None:
    each = statistics.median(_cpu(_piece) for _ in range(_TRIES))
    file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
    os.write(file, _PAGE * _PAGES)
    os.fsync(file)
    print("ready", flush=True)
    for line in sys.stdin:
        plan = json.loads(line)
        pieces = max(1, round(plan["computing"] / each))
        print(_window(file, plan["rate"], plan["seconds"], pieces), flush=True)


if __name__ == "__main__":
    _main()
