"""A whole Parley to be cruel to: PostgreSQL, Valkey, several web processes, a worker and a back office.

All processes share one environment and one core or two, and listen on 127.0.0.1 only. Make it from a process' main
thread: the processes end with the thread that started them.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from config.embedded import Servers
from config.embedded import start as start_servers
from tests.chaos.disk import Disk
from tests.chaos.processes import Office, Process, Web
from tests.chaos.records import Death

PATIENCE = 60.0


_ACTIVITY = """
select now(), pid, pg_blocking_pids(pid), state, wait_event_type, wait_event, now() - state_change, left(query, 200)
from pg_stat_activity where datname = current_database()
"""


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
            assert self.office.ask("prepare")
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

    def deaths(self) -> list[Death]:
        """The web processes that ended by themselves since this was last asked. The worker may: without its database it
        ends, and is started again."""
        found = []
        for web in self.webs:
            web.notice_death()
            found += [Death(web.name, code) for code in web.deaths]
            web.deaths.clear()
        return found

    def database(self) -> psycopg.Connection[Any]:
        """A connection of the owner of everything, to see what is really there."""
        return psycopg.connect(self.servers.database_url, autocommit=True, connect_timeout=5)

    def rows(self, organisation: Organisation, query: str, arguments: Mapping[str, object]) -> list[Any]:
        """What `query` finds inside an organisation's schema."""
        with self.database() as connection:
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(organisation.schema)))
            return connection.execute(query, arguments).fetchall()

    def dump_threads(self) -> None:
        """Keep what everybody is waiting for: threads in the web processes' logs, backends in postgres.txt."""
        with self.database() as connection, (self.folder / "postgres.txt").open("a") as log:
            for row in connection.execute(_ACTIVITY).fetchall():
                print(*row, sep=" | ", file=log)
        for web in self.webs:
            if web.alive:
                os.kill(web.pid, signal.SIGUSR1)
        time.sleep(1.0)

    def learn_epochs(self) -> None:
        """Know the epochs as a page that is loaded now would: a restore gives an organisation a new one."""
        with self.database() as connection:
            found = dict(
                connection.execute("select schema_name, epoch::text from tenants_organisation").fetchall()
            )
        for organisation in self.organisations:
            organisation.epoch = found[organisation.schema]

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
