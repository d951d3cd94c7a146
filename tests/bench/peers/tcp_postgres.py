"""A PostgreSQL like Parley's embedded one, on a port of 127.0.0.1: for peers whose driver knows no other sockets."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psycopg

from config import embedded
from config.postgres import NAME
from config.processes import end, spawn, unprivileged_account
from tests.bench.harness import Bench, Wrong
from tests.bench.peers import await_port
from tests.servers import free_port


@dataclass(frozen=True)
class TcpPostgres:
    """A running server with one empty database, named as its owner, who needs no password."""

    pid: int
    port: int
    database: str = NAME

    @property
    def url(self) -> str:
        return f"postgresql://{self.database}@127.0.0.1:{self.port}/{self.database}"

    def answers(self) -> bool:
        """It listens before it has looked whether there is anything to recover."""
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def tcp_postgres(bench: Bench) -> Iterator[TcpPostgres]:
    """Durable, on the servers' core. The embedded one makes the data; then its own command runs again with a port."""
    with tempfile.TemporaryDirectory(prefix="parley-peer-") as name:
        folder, port = Path(name), free_port()
        with embedded.start(folder, ephemeral=False, valkey=False) as servers:
            if servers.postgres is None or servers.postgres.process is None:
                raise Wrong("the peer's PostgreSQL does not run")
            command = [
                *cast(list[str], servers.postgres.process.args),
                "--listen_addresses=127.0.0.1",
                f"--port={port}",
            ]
        with bench.on_core(bench.server_core), (folder / "postgres.log").open("wb") as log:
            process = spawn(
                command,
                account=unprivileged_account(),
                at_our_death=signal.SIGINT,
                environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                folder=folder / "postgres",
                log=log,
            )
        try:
            found = TcpPostgres(process.pid, port)
            await_port(process, port, folder / "postgres.log", lambda _: found.answers())
            yield found
        finally:
            end(process, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
