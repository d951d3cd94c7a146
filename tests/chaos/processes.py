"""The processes of a chaotic run: each can be killed, paused and started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.embedded import PROJECT
from config.processes import end, spawn
from config.serve import WEB
from tests.chaos.orders import Orders
from tests.servers import free_port

PATIENCE = 60.0


class Process:
    """One process of ours. What it writes goes to `log`."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.process: subprocess.Popen[bytes] | None = None
        self.doomed = False  # we kill it, or told it to die
        self.deaths: list[int] = []  # exit codes, once for each time that it ended by itself

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, **more: str) -> None:
        self.notice_death()
        self.doomed = False
        with self.log.open("ab") as log:
            self.process = spawn(
                self.command,
                environment={**self.environment, **more},
                folder=PROJECT,
                log=log,
                at_our_death=signal.SIGKILL,
            )

    def kill(self) -> None:
        """kill -9, and wait for the end of it."""
        self.notice_death()
        self.doomed = True
        if self.process is not None:
            end(self.process, group=True)

    def notice_death(self) -> None:
        """Remember an end that was nobody's doing, once."""
        code = self.process.poll() if self.process else None
        if code is not None and not (self.doomed and code == -signal.SIGKILL):
            self.deaths.append(code)
            self.process = None

    def pause(self) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGCONT)

    def resident(self) -> int:
        """Bytes in memory; 0 when it is not running."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """The most bytes that it ever had in memory; 0 when it is not running."""
        return self._status("VmHWM")

    def _status(self, field: str) -> int:
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except (OSError, AssertionError):
            return 0
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{field}:"))


class Web(Process):
    """A uvicorn with the command that production uses, around tests.chaos.web."""

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        self.name, self.port = name, free_port()
        command = [sys.executable, "-m", "uvicorn", "tests.chaos.web:application"]
        command += ["--host=127.0.0.1", f"--port={self.port}", *WEB]
        super().__init__(command, environment, folder / f"{name}.log")

    def await_answer(self) -> None:
        """Return when it accepts connections. Raises AssertionError with its last words where it ended."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not self.alive:
                raise AssertionError(f"{self.name} ended:\n{self.log.read_text()[-3000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"{self.name} does not answer")

    def order(self, orders: Orders) -> None:
        """Tell it what should go wrong. Raises OSError where it lives and does not listen."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/chaos/", orders.encoded(), method="POST"
        )
        self.doomed = self.doomed or bool(orders.die)
        try:
            urllib.request.urlopen(request, timeout=PATIENCE).close()  # noqa: S310 - a process of ours
        except OSError:
            if not self._ends_within(2.0):
                raise
        else:
            self.doomed = bool(orders.die)

    def _ends_within(self, seconds: float) -> bool:
        """Whether it is gone, or going: its connections are reset before its parent hears of its end."""
        try:
            return self.process is None or self.process.wait(seconds) is not None
        except subprocess.TimeoutExpired:
            return False


class Office:
    """The back office: wishes go out at once and are granted in order; `answer` waits for one."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.office"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=PROJECT,
                env=dict(environment),
                text=True,
            )
        self._asked = 0
        self._answers: list[Any] = []

    def wish(self, wish: str, **arguments: Any) -> int:
        """Send a wish and return its number, without waiting."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"wish": wish, **arguments}) + "\n")
        self.process.stdin.flush()
        self._asked += 1
        return self._asked - 1

    def answer(self, number: int) -> Any:
        assert self.process.stdout is not None
        while len(self._answers) <= number:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError("the back office ended")
            self._answers.append(json.loads(line))
        return self._answers[number]

    def ask(self, wish: str, **arguments: Any) -> Any:
        return self.answer(self.wish(wish, **arguments))

    def stop(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        end(self.process, (signal.SIGTERM, 5.0))  # type: ignore[arg-type]
