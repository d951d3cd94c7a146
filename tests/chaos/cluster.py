"""A whole Parley to be cruel to: PostgreSQL, Valkey, several web processes, a worker and a back office.

All processes share one environment and one core or two, and listen on 127.0.0.1 only. Make it from a process' main
thread: the processes end with the thread that started them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from config.embedded import PROJECT, Servers
from config.embedded import start as start_servers
from config.processes import end, spawn
from config.serve import WEB
from tests.chaos.orders import Orders
from tests.servers import free_port

PATIENCE = 60.0


@dataclass(frozen=True)
class Person:
    """Somebody with a session; `id` is the row's."""

    id: int
    name: str
    session: str


@dataclass
class Organisation:
    """What the driver knows of an organisation. `canary` is in every name and message of it."""

    address: str
    host: str
    schema: str
    epoch: str
    canary: str
    people: list[Person]

    @property
    def marks(self) -> tuple[str, ...]:
        """Words that nobody outside it may ever receive."""
        return (self.canary, self.schema, self.host)


class Process:
    """One process of ours. What it writes goes to `log`."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, **more: str) -> None:
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
        if self.process is not None:
            end(self.process, group=True)

    def pause(self) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGCONT)

    def resident(self) -> int:
        """Bytes in memory; 0 when it is not running."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, AssertionError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")


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
        try:
            urllib.request.urlopen(request, timeout=PATIENCE).close()  # noqa: S310 - a process of ours
        except OSError:
            if self.alive:
                raise


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


class Disk:
    """A small file system in memory that can be filled to the last byte. Needs the right to mount."""

    SIZE = 1536 * 1024 * 1024

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        options = ["-o", f"size={self.SIZE},mode=711"]
        subprocess.run(
            ["mount", "-t", "tmpfs", *options, "parley-chaos", str(folder)], check=True, capture_output=True
        )

    @classmethod
    def possible(cls, folder: Path) -> "Disk | None":
        """One at `folder`, or None where this machine does not let us."""
        try:
            return cls(folder)
        except (OSError, subprocess.CalledProcessError):
            return None

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb") as ballast:
            size = 1 << 26
            while size:
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), size)
                except OSError:
                    size >>= 1

    def free(self) -> None:
        (self.folder / "ballast").unlink()

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)


class Cluster:
    """Everything, as a context manager. `folder` has the data, the logs and the mails, and is not removed.

    With `own_disk` the servers' data lies in a small file system of its own, where the machine lets us.
    """

    def __init__(self, folder: Path, *, webs: int = 3, people: int = 12, own_disk: bool = False) -> None:
        self.folder = folder
        self.disk = Disk.possible(folder / "servers") if own_disk else None
        # Durable: what a kill -9 of Postgres loses otherwise would be its own choice.
        self.servers: Servers = start_servers(folder / "servers", ephemeral=False)
        self.environment = self._environment()
        self.mails = folder / "data" / "mail"
        self.office = Office(self.environment, folder / "office.log")
        self.worker = Process(
            [sys.executable, "manage.py", "worker"], self.environment, folder / "worker.log"
        )
        self.webs = [Web(f"web{number}", self.environment, folder) for number in range(webs)]
        self.organisations: list[Organisation] = []
        self.people = people
        self.due: list[str] = []  # marks of the mails that jobs were enqueued for

    def __enter__(self) -> Self:
        try:
            assert self.office.ask("migrate")
            for address in ("acme", "globex"):
                self.organisations.append(self._found(address))
            for process in (*self.webs, self.worker):
                process.start()
            for web in self.webs:
                web.await_answer()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        for process in (*self.webs, self.worker):
            process.kill()
        self.office.stop()
        self.servers.stop()
        if self.disk:
            self.disk.remove()

    @property
    def postgres_alive(self) -> bool:
        postgres = self.servers.postgres
        return postgres is not None and postgres.process is not None and postgres.process.poll() is None

    def look_after(self) -> list[str]:
        """Start again what ended by itself, as a supervisor does; returns its names."""
        ended = [process for process in (*self.webs, self.worker) if not process.alive]
        for process in ended:
            process.start()
        for web in self.webs:
            web.await_answer()
        return [process.log.stem for process in ended]

    def database(self) -> psycopg.Connection[Any]:
        """A connection of the owner of everything, to see what is really there."""
        return psycopg.connect(self.servers.database_url, autocommit=True, connect_timeout=5)

    def rows(self, organisation: Organisation, query: str, arguments: Mapping[str, object]) -> list[Any]:
        """What `query` finds inside an organisation's schema."""
        with self.database() as connection:
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(organisation.schema)))
            return connection.execute(query, arguments).fetchall()

    def _found(self, address: str) -> Organisation:
        made = self.office.ask("found", address=address, people_count=self.people)
        return Organisation(**made | {"people": [Person(**one) for one in made["people"]]})

    def _environment(self) -> dict[str, str]:
        """Production settings, but for plain HTTP and for limits on how much one person may post."""
        return {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_SECRET_KEY": "chaos" * 16,
            "PARLEY_FIELD_KEYS": "A" * 43 + "=",
            "PARLEY_BASE_DOMAIN": "localhost",
            "PARLEY_HTTPS": "0",
            "PARLEY_BUILD": "chaos",
            "PARLEY_LOG_LEVEL": "WARNING",
            "PARLEY_SPARE_SCHEMAS": "1",
            "PARLEY_POST_LIMIT": "1000000",
            "PARLEY_EMAIL_URL": "filemail:",
            "PARLEY_DATA": str(self.folder / "data"),
            "PARLEY_STATIC": str(self.folder / "static"),
            **self.servers.environment,
        }
