"""A Parley of the tests' own: uvicorn and the worker as processes, on this test process' databases and port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from config.embedded import PROJECT
from config.processes import end, spawn
from config.serve import WEB

if TYPE_CHECKING:
    from tenants.models import Organisation

PATIENCE = 30.0


class Live:
    """A program that runs beside the tests. Its words are in `log`."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self.arguments = arguments
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = spawn(
                [sys.executable, *self.arguments], environment=os.environ, folder=PROJECT, log=log
            )

    def kill(self) -> None:
        """End it as a power cut would: whoever is connected learns of it by a broken line only."""
        if self.process:
            end(self.process, (signal.SIGKILL, 5.0), group=True)

    def stop(self) -> None:
        if self.process:
            end(self.process, (signal.SIGTERM, 5.0), group=True)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class Server(Live):
    """The web server. `port` is the one in PARLEY_PUBLIC_PORT, so that links lead to it."""

    def __init__(self, log: Path) -> None:
        self.port = int(os.environ["PARLEY_PUBLIC_PORT"])
        super().__init__(
            [
                "-m",
                "uvicorn",
                "config.asgi:application",
                "--host=127.0.0.1",
                f"--port={self.port}",
                *WEB,
            ],
            log,
        )

    def start(self) -> None:
        """Start, and return when it answers."""
        super().start()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                # Nobody listens yet; a connection attempt is cheap and there is no event to wait for.
                os.sched_yield()
        raise RuntimeError(f"The web server did not start:\n{self.said()}")

    def url(self, organisation: "Organisation | None" = None, path: str = "/") -> str:
        """A page of an organisation, or of the public site."""
        host = organisation.host if organisation else "localhost"
        return f"http://{host}:{self.port}{path}"
