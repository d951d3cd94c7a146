"""An organisation to browse, the servers that draw its pages, and the five pages with what must be on them."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs

import psycopg

from config.embedded import PROJECT
from config.serve import WEB
from tests.bench.browsing import Ask, Browsed
from tests.bench.harness import Bench, Wrong
from tests.bench.history import RARE
from tests.bench.measures import check_bodies
from tests.bench.systems import parley_environment
from tests.servers import free_port

APPLICATIONS = {"parley": "tests.bench.unlimited:application", "plain": "tests.bench.plain.asgi:application"}
START_SECONDS = 30
TOKEN = "a" * 32  # a CSRF token: any that cookie and form agree on
ARTICLE = '<article class="message"'
# In the order of the sidebar, which is that of Python's casefold().
_PUBLIC = "select name from chat_room where kind = 'public' order by lower(name) collate \"C\""


@dataclass
class Site:
    """An organisation, and the ports where it is served, by system."""

    bench: Bench
    environment: Mapping[str, str]
    made: dict[str, Any]
    ports: dict[str, int]
    pids: dict[str, int]

    def room_id(self, system: str) -> int:
        """The room that is read and written to: one for each system, because they store different fragments."""
        return self.made["rooms"][list(self.ports).index(system)]["id"]

    def headers(self) -> dict[str, str]:
        host, session = self.made["host"], self.made["people"][1]["session"]
        return {
            "Host": host,
            "Accept": "text/html",
            "Cookie": f"parley-session={session}; parley-csrf={TOKEN}",
        }

    def cpu(self, system: str) -> float:
        """Seconds of CPU that the server, Postgres and Valkey have used."""
        return self.bench.cpu(self.pids[system], *self.bench.server_pids)

    def ask(self, statement: str, *arguments: object) -> list[Any]:
        """Ask Postgres something about the organisation."""
        with psycopg.connect(self.bench.servers.database_url, autocommit=True) as connection:
            connection.execute("select set_config('search_path', %s, false)", [self.made["schema"]])
            return connection.execute(statement, arguments).fetchall()

    def browse(
        self, system: str, ask: Ask, *, clients: int, seconds: float, writing: bool = False
    ) -> Browsed:
        """Load a page; with `writing`, ten messages a second are written to the room meanwhile, and are among what was
        `posted`. Raises Wrong."""
        with ExitStack() as stack:
            running = []
            if writing:
                more = self._browsing(system, self.post(system), 1, seconds + 1, every=0.1)
                running.append(stack.enter_context(more))
            running.append(stack.enter_context(self._browsing(system, ask, clients, seconds)))
            *others, read = [_result(process) for process in running]
        self.bench.judge_client(read.cpu + sum(other.cpu for other in others))  # they share a core
        for other in others:
            read.posted.update(other.posted)
        return read

    def check_posted(self, system: str, before: int, posted: Mapping[str, str]) -> None:
        """Behind the position `before` the room has all that was posted, each with its text, and nothing else. Raises
        Wrong."""
        stored = self.last(system) - before
        if stored != len(posted):
            raise Wrong(f"{len(posted)} posts were acknowledged, {stored} are stored")
        texts = {client_id: parse_qs(body)["text"][0] for client_id, body in posted.items()}
        check_bodies(self.bench.servers.database_url, [f'"{self.made["schema"]}".chat_message'], texts)

    @contextmanager
    def _browsing(self, system: str, ask: Ask, clients: int, seconds: float, **more: object) -> Iterator[Any]:
        plan = {
            "port": self.ports[system],
            "clients": clients,
            "seconds": seconds,
            "headers": self.headers(),
            "asks": [asdict(ask)],
            **more,
        }
        with self.bench.on_core(self.bench.load_core):
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.browsing"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=PROJECT,
                text=True,
            )
        assert process.stdin
        process.stdin.write(json.dumps(plan))
        process.stdin.close()
        process.stdin = None
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    # -- The five pages ------------------------------------------------------------------------------------------

    def room(self, system: str, *, moving: bool = False) -> Ask:
        """The room with its 50 newest messages; which ones they are is known while nobody writes."""
        newest = [f'data-position="{last}"' for last in (self.last(system) - 49, self.last(system))]
        return Ask(
            f"/rooms/r{self.room_id(system)}/", holds=() if moving else tuple(newest), counts=((ARTICLE, 50),)
        )

    def older(self, system: str) -> Ask:
        before = min(500, self.last(system))
        wanted = tuple(f'data-position="{position}"' for position in (before - 50, before - 1))
        path = f"/rooms/r{self.room_id(system)}/messages/?before={before}"
        return Ask(path, holds=wanted, counts=((ARTICLE, 50),))

    def sidebar(self) -> Ask:
        names = tuple(f">{name}<" for (name,) in self.ask(_PUBLIC))
        return Ask("/sidebar/", holds=names)

    def search(self) -> Ask:
        """A word of one message in a thousand."""
        newest = self.ask(
            "select 'm' || id || '\"' from chat_message where text like %s order by id desc limit 20",
            f"%{RARE}%",
        )
        return Ask(
            f"/search/?q={RARE}", holds=tuple(link for (link,) in newest), counts=((ARTICLE, len(newest)),)
        )

    def post(self, system: str) -> Ask:
        """Hello, by form, each with another number: what is drawn once for equal texts shall not be spared. Leads back to
        the room."""
        host = self.made["host"]
        return Ask(
            f"/rooms/r{self.room_id(system)}/messages/",
            method="POST",
            status=302,
            body=f"text=Hello+everybody+{{number}}&client_id={{client}}&csrfmiddlewaretoken={TOKEN}",
            headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{host}"},
        )

    def last(self, system: str) -> int:
        """The position of the room's newest message. Raises Wrong where positions have gaps."""
        ((count, last, counted),) = self.ask(
            "select count(*), max(position), (select messages from chat_room where id = %s) "
            "from chat_message where room_id = %s",
            self.room_id(system),
            self.room_id(system),
        )
        if not count == last == counted:
            raise Wrong(f"{count} messages, the last at {last}, {counted} counted")
        return last


def _result(process: Any) -> Browsed:
    out, _ = process.communicate()
    if process.returncode:
        raise Wrong("the HTTP client failed")
    done = Browsed(**json.loads(out))
    if done.wrong:
        raise Wrong(done.wrong[0])
    return done


@contextmanager
def site(
    bench: Bench,
    *,
    messages: int,
    rooms: int = 100,
    people: int = 20,
    systems: tuple[str, ...] = ("parley",),
    prefix: str = "bench",
) -> Iterator[Site]:
    """An organisation with so many messages, served by each of the systems on the servers' core."""
    environment = parley_environment(bench)
    run(environment, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
    seed = {"people": people, "rooms": rooms, "prefix": prefix}
    (made,) = json.loads(run(environment, "-m", "tests.bench.seed", json.dumps(seed)))
    fill(environment, made, messages)
    with ExitStack() as stack:
        served = {system: stack.enter_context(_served(bench, environment, system)) for system in systems}
        ports, pids = ({system: one[place] for system, one in served.items()} for place in (0, 1))
        yield Site(bench, environment, made, ports, pids)


def fill(environment: Mapping[str, str], made: dict[str, Any], messages: int) -> float:
    """Write so many more messages; returns the seconds it took."""
    plan = json.dumps({"address": made["address"], "messages": messages})
    return json.loads(run(environment, "-m", "tests.bench.history", plan))["seconds"]


def run(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Wrong(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


@contextmanager
def _served(bench: Bench, environment: Mapping[str, str], system: str) -> Iterator[tuple[int, int]]:
    """A server of the system; its port and its process."""
    port = free_port()
    options = [option for option in WEB if not option.startswith("--ws=")]
    command = [sys.executable, "-m", "uvicorn", APPLICATIONS[system], "--host=127.0.0.1", f"--port={port}"]
    with (
        tempfile.TemporaryFile() as log,
        bench.spawn([*command, *options], core=bench.server_core, env=environment, log=log) as process,
    ):
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise Wrong(f"{system} did not start: {log.read().decode(errors='replace')[-3000:]}")
            time.sleep(0.05)
        yield port, process.pid


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError:
        return True  # 404 is an answer too
    except OSError:
        return False
    return True
