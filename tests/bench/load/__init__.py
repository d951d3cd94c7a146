"""The benchmark's load: thousands of WebSockets driven by a C program (epoll, one core) that checks every delivery.

It knows no protocol: templates say what to send and what an answer looks like (`Plan`). It must not limit what it
measures, so each frame costs it one comparison with what has to come next (`make bench` therefore needs `cc`), and it
says how busy it was.

    with Load(plan, core=1) as load:
        opened = load.open()
        load.run(in_flight=8, seconds=0.3)  # warm up
        before = system.cpu()
        result = load.run(in_flight=8, seconds=3)
        cost = (system.cpu() - before) / result.delivered

A run ends when everything sent has been acknowledged and delivered, so what other processes used between two runs
belongs to the work of one. Faults in the pauses are reported with the next run.
"""

import json
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.bench.harness import Wrong, judge_client
from tests.bench.load.compiler import program
from tests.bench.load.plan import Acknowledged, Client, Opened, Plan, Result, Times, escaped
from tests.bench.machine import LOAD_CORE, on_core

__all__ = ["Acknowledged", "Client", "Load", "Opened", "Plan", "Result", "Times"]

Release = Literal["acknowledged", "own", "last"]
RELEASES: tuple[Release, ...] = ("acknowledged", "own", "last")
JUDGED_SECONDS = 0.2  # how busy it was in less says nothing


class Load:
    """A load client that runs until the block ends. Its methods wait for the answer and raise Wrong for whatever is
    not exact, or where the client was too busy, unless told not to check. `judge` is told how busy it was."""

    def __init__(
        self, plan: Plan, *, core: int = LOAD_CORE, judge: Callable[[float], None] = judge_client
    ) -> None:
        self.plan = plan
        self.core = core
        self.judge = judge
        self.marks = secrets.token_hex(4)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        path = program()
        with on_core(self.core):
            self._process = subprocess.Popen(
                [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._running
        if error is None and process.poll() is None:
            self._say(["quit"])  # resets its sockets: none waits in TIME_WAIT for the next run's ports
        else:
            process.kill()
        process.communicate()

    @property
    def pid(self) -> int:
        return self._running.pid

    def open(self, *, check: bool = True) -> Opened:
        """Connect every socket, `plan.parallel` at a time, and follow its script."""
        return self._opened((*self.plan.lines(self.marks), "open"), check=check)

    def drop(self) -> None:
        """End all sockets with a reset, at once."""
        self._say(["drop"])

    def reconnect(
        self,
        variables: Mapping[int, str] | None = None,
        *,
        replayed: int | None = None,
        parallel: int | None = None,
        check: bool = True,
    ) -> Opened:
        """Drop what is open and open all again, with new `variables` for clients by their place in the plan. Checks that
        each was sent exactly `replayed` messages before its script ended, where that is given."""
        lines = [f"variable\t{place}\t{escaped(value)}" for place, value in (variables or {}).items()]
        if parallel is not None:
            lines.append(f"opening\t{parallel}\t{round(self.plan.patience * 1000)}")
        return self._opened((*lines, "reconnect"), check=check, replayed=replayed)

    def run(
        self,
        *,
        in_flight: int = 8,
        rate: float = 0.0,
        senders: int = 0,
        random_senders: bool = False,
        seconds: float = 0.0,
        messages: int = 0,
        release: Release = "acknowledged",
        polls: bool = False,
        list_acknowledged: bool = False,
        check: bool = True,
    ) -> Result:
        """Post for `seconds` or until there were so many `messages`, then wait until all has arrived.

        A closed loop keeps `in_flight` messages for each of the first `senders` (0: all of them), or in all from
        random ones; a place is free again when the message is acknowledged, when its sender has read it ("own"), or
        when the last reader has. With a `rate` (messages a second, over all senders) it is an open loop: a message's
        times begin when it was due.

        A load that `polls` never sleeps, so that the server does not pay for waking it; only for one that has its core to
        itself.
        """
        if not seconds and not messages:
            raise ValueError("A run ends after some seconds or messages.")
        with tempfile.TemporaryDirectory() as folder:
            listed = Path(folder) / "acknowledged" if list_acknowledged else None
            asked = (
                in_flight,
                senders,
                messages,
                RELEASES.index(release),
                int(random_senders),
                int(polls),
                seconds,
                rate,
            )
            result = Result.read(self._ask([f"go\t{'\t'.join(map(str, asked))}\t{listed or ''}"], "done"))
            if listed is not None:
                result = replace(result, acknowledged_messages=list(self._listed(listed)))
        if check:
            result.check()
            self._judge(result)
        return result

    def body(self, sender: int, sequence: int) -> str:
        """The text of a message, byte for byte."""
        begin, end = f"~m{sender}x{sequence}x{self.marks}~ ", f"~e{sender}x{sequence}~"
        fills = self.plan.size - len(begin) - len(end)
        return begin + (self.plan.filler * (fills // len(self.plan.filler) + 1))[:fills] + end

    def _listed(self, path: Path) -> Iterator[Acknowledged]:
        for line in path.read_text().splitlines():
            client_id, sender, sequence = line.split("\t")
            room = self.plan.clients[int(sender)].room
            yield Acknowledged(
                client_id, int(sender), int(sequence), room, self.body(int(sender), int(sequence))
            )

    def _opened(self, lines: Iterable[str], *, check: bool, replayed: int | None = None) -> Opened:
        opened = Opened.read(self._ask(lines, "ready"))
        if check:
            opened.check(len(self.plan.clients), replayed)
            self._judge(opened)
        return opened

    def _judge(self, done: Opened | Result) -> None:
        if done.elapsed >= JUDGED_SECONDS:
            self.judge(done.busy)

    def _ask(self, lines: Iterable[str], answer: str) -> dict[str, Any]:
        self._say(lines)
        assert self._running.stdout is not None
        word, _, said = self._running.stdout.readline().partition(" ")
        if word != answer:
            raise Wrong(f"The load client ended: {self._running.communicate()[1][-2000:]}")
        found: dict[str, Any] = json.loads(said)
        return found

    def _say(self, lines: Iterable[str]) -> None:
        assert self._running.stdin is not None
        try:
            self._running.stdin.write("".join(f"{line}\n" for line in lines))
            self._running.stdin.flush()
        except BrokenPipeError:
            pass  # it ended; what it wrote last says why, and `_ask` shows it

    @property
    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("A load client runs within its `with` block.")
        return self._process
