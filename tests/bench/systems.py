"""The systems under test: each a server process on core 0, seeded, with the words its browsers speak.

`textbook(bench)`, `parley(bench)` are context managers that yield a `System`. All of them get the same people,
rooms and messages; a part opens sockets to them with `System.socket` and reads `System.cpu()` around its work.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg

from config.embedded import PROJECT
from config.serve import WEB
from tests.bench.harness import Bench, Wrong
from tests.bench.machine import cpu_seconds, rss_bytes
from tests.servers import free_port

STOCK = "websockets-sansio"
START_SECONDS = 30


@dataclass(frozen=True)
class Words:
    """What a browser of this system says, with {client}, {text} and {room} to be filled in, and what it waits for."""

    opening: tuple[tuple[str, str], ...]  # ("send", text) and ("wait", substring) in turn
    post: str  # stored and fanned out
    relay: str  # fanned out only
    acknowledged: str  # in the answer to a post, with {client}
    acknowledge: str = ""  # says which {revision} was applied, where the protocol has that


@dataclass(frozen=True)
class Door:
    """Everything a client needs to open one socket."""

    path: str
    headers: tuple[tuple[str, str], ...]
    room: int


@dataclass
class System:
    """A running server. `organisations` is what its seed made; the textbook's has one."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    bench: Bench
    words: Words
    organisations: list[dict[str, Any]]
    cookie: str
    path: str
    database_url: str
    environment: dict[str, str] = field(default_factory=dict)

    def door(self, organisation: int, room: int, person: int) -> Door:
        """The socket of a room (an index) for a person (an index) of an organisation (an index)."""
        made = self.organisations[organisation]
        room_id = made["rooms"][room]["id"]
        return Door(self.path.format(room=room_id), self.headers(organisation, person), room_id)

    def headers(self, organisation: int, person: int) -> tuple[tuple[str, str], ...]:
        made = self.organisations[organisation]
        session = made["people"][person]["session"]
        return (
            ("Host", made["host"]),
            ("Origin", f"http://{made['host']}"),
            ("Cookie", f"{self.cookie}={session}"),
        )

    def cpu(self) -> float:
        """Seconds of CPU that the server, Valkey and PostgreSQL have used."""
        return cpu_seconds(self.process.pid, *self.bench.server_pids)

    def rss(self) -> int:
        """Bytes that the server process holds."""
        return rss_bytes(self.process.pid)


PARLEY_WORDS = Words(
    opening=(
        ("send", '{"headers":{},"body":{"type":"resume"}}'),
        ("wait", '"type":"resumed"'),
    ),
    post='{"headers":{},"body":{"type":"post","client_id":"{client}","text":"{body}"}}',
    relay='{"headers":{},"body":{"type":"relay","client_id":"{client}","text":"{body}"}}',
    acknowledged='"type":"posted","client_id":"{client}"',
    acknowledge='{"headers":{},"body":{"type":"ack","revision":{revision}}}',
)
TEXTBOOK_WORDS = Words(
    opening=(("wait", '"type": "ready"'),),
    post='{"type":"post","client_id":"{client}","text":"{body}"}',
    relay='{"type":"relay","client_id":"{client}","text":"{body}"}',
    acknowledged='"type": "posted", "client_id": "{client}"',
)


@contextmanager
def parley(
    bench: Bench, *, ws: str | None = None, relay: bool = False, name: str = "parley", **seed: object
) -> Iterator[System]:
    """Parley in the configuration we ship; with `ws=STOCK` on stock uvicorn. `seed` goes to `tests.bench.seed`."""
    environment = parley_environment(bench)
    options = [option for option in WEB if not (ws and option.startswith("--ws="))]
    app = "tests.bench.relay:application" if relay else "config.asgi:application"
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--host=127.0.0.1", f"--port={port}", *options]
    if ws:
        command.append(f"--ws={ws}")
    made = _seed("tests.bench.seed", seed, environment)
    with _running(bench, command, environment, port) as process:
        yield System(
            name,
            port,
            process,
            bench,
            PARLEY_WORDS,
            made,
            "parley-session",
            "/ws/rooms/r{room}/",
            bench.servers.database_url,
            environment,
        )


@contextmanager
def textbook(bench: Bench, **seed: object) -> Iterator[System]:
    """The textbook server on daphne. `seed` is as Parley's, less `organisations` and `prefix`."""
    environment = _textbook_environment(bench)
    seed = {key: value for key, value in seed.items() if key not in ("organisations", "prefix")}
    made = _seed("tests.bench.textbook.seed", seed, environment)
    port = free_port()
    app = "tests.bench.textbook.asgi:application"
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", app]
    with _running(bench, command, environment, port) as process:
        yield System(
            "textbook",
            port,
            process,
            bench,
            TEXTBOOK_WORDS,
            [made],
            "sessionid",
            "/ws/chat/{room}/",
            environment["TEXTBOOK_DATABASE_URL"],
            environment,
        )


def parley_environment(bench: Bench) -> dict[str, str]:
    """Production settings, but for plain HTTP and for limits on how much one person may post."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PARLEY_SECRET_KEY": "bench" * 16,
        "PARLEY_FIELD_KEYS": "A" * 43 + "=",
        "PARLEY_BASE_DOMAIN": "localhost",
        "PARLEY_HTTPS": "0",
        "PARLEY_BUILD": "bench",
        "PARLEY_LOG_LEVEL": "WARNING",
        "PARLEY_SPARE_SCHEMAS": "1",
        "PARLEY_POST_LIMIT": "1000000",
        "PARLEY_DATA": str(bench.servers.folder / "parley"),
        "PARLEY_STATIC": str(bench.servers.folder / "static"),
        **bench.servers.environment,
    }


def _textbook_environment(bench: Bench) -> dict[str, str]:
    parts = urlsplit(bench.servers.database_url)
    with psycopg.connect(bench.servers.database_url, autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = 'textbook'").fetchone() is None:
            connection.execute("create database textbook")
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.bench.textbook.settings",
        "TEXTBOOK_DATABASE_URL": bench.servers.database_url.replace(f"{parts.path}?", "/textbook?"),
        "REDIS_URL": bench.servers.redis_url,
    }


def _seed(module: str, seed: Mapping[str, object], environment: Mapping[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", module, json.dumps(seed)],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Wrong(f"{module} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout[done.stdout.index("[" if module == "tests.bench.seed" else "{") :])


@contextmanager
def _running(
    bench: Bench, command: list[str], environment: Mapping[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    with (
        tempfile.TemporaryFile() as log,
        bench.spawn(command, core=bench.server_core, env=environment, log=log) as process,
    ):
        try:
            _await_answer(process, port)
            yield process
        except BaseException:
            log.seek(0)
            print(log.read().decode(errors="replace")[-3000:], file=sys.stderr)
            raise


def _await_answer(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except urllib.error.HTTPError:
            return  # 404 is an answer too
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Wrong(f"a server did not start on port {port}")
