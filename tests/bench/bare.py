"""What this machine makes a program wait that is hardly a server: it computes for each message when that is due, and then
writes all that were due to the disk, as Postgres does with its log.

Beside each p99 in milliseconds, because those say as much of the machine as of Parley: a core and a disk that are shared
with others take their time. Runs as a process of its own on the servers' core:

    python -m tests.bench.bare FILE < one line of JSON for each window {"rate", "seconds", "computing"}

`computing` are seconds for each; it is Python's work with messages, so that it needs memory as a server does. For each
line it prints the p99 in milliseconds, counted from when it was due, as Parley's is.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    def window() -> float:
        assert process.stdin
        assert process.stdout
        process.stdin.write(plan)
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise Wrong("the bare program failed")
        return float(answer)

    try:
        yield window
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def _piece() -> None:
    messages = json.loads(json.dumps(_MESSAGES))
    messages.sort(key=lambda message: message["author"])


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _p99(file: int, rate: float, seconds: float, pieces: int) -> float:
    times: list[float] = []
    began, total, written = time.perf_counter(), int(rate * seconds), 0
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
    return sorted(times)[int(total * 0.99)] * 1000


def _main() -> None:
    quickest = min(_seconds(_piece) for _ in range(_TRIES))
    file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
    os.write(file, _PAGE * _PAGES)
    os.fsync(file)
    for line in sys.stdin:
        plan = json.loads(line)
        pieces = max(1, round(plan["computing"] / quickest))
        print(_p99(file, plan["rate"], plan["seconds"], pieces), flush=True)


if __name__ == "__main__":
    _main()
