"""One organisation of 100,000 messages is backed up and restored while another one talks.

Both commands run with their defaults (a tenth of the time at work) under `nice`, as docs/backup.md has them in cron,
on the servers' core, beside the web process.
In the other organisation 20 readers hold a room in which 50 messages a second are posted, stored and delivered, and
what counts is how long a post takes until it is acknowledged. The command goes on for a second and is stopped (by
SIGSTOP) for the next, in turns until it has ended: each second with it is compared with the one after it without.
The restore replaces the organisation, with the seconds of closed doors that this takes; times do not count those in
which the command was stopped. Afterwards every message, with its id, room, place, author, text and HTML, must be what
it was, by checksum, and the talk next door must have been exact: each of its posts is in Postgres, with its text.
"""

import itertools
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.bench.harness import Below, Bench, Figure, Wrong
from tests.bench.load import Load, Result
from tests.bench.measures import check_stored, loaded, members, plan
from tests.bench.systems import System, parley

MESSAGES = 100_000
RATE = 50  # posts a second next door
PIECE = 1.0  # seconds with the command, and then without
MOST_SECONDS = 300
_DIGEST = """
select count(*), md5(string_agg(md5(concat_ws('|', id, room_id, position, revision, author_id, client_id, text, html,
                                              created_at)), '' order by id))
from "{schema}".chat_message
"""


def measure(bench: Bench) -> Iterator[Figure]:
    with (
        parley(bench, organisations=2, people=20, rooms=1, prefix="archive") as system,
        loaded(system, plan(system, members(system, [0], organisation=1), stored=True)) as load,
        tempfile.TemporaryDirectory(prefix="parley-archives-") as folder,
    ):
        watched = Watched(system, load, Path(folder))
        found = bench.alternate({"backup": watched.backup, "restore": watched.restore})
        for name in found:
            yield Figure.absolute(f"100,000 messages: {name}", "s", watched.seconds[name], Below(60))
        for name, slower in found.items():
            yield Figure.absolute(f"a post next door during a {name}, p50", "×", slower, Below(1.10))
        for name in found:
            yield Figure.absolute(f"a post next door during a {name}, p99", "×", watched.p99[name])
        yield Figure.absolute("the archive", "MB", [watched.archive.stat().st_size / 1e6])


class Watched:
    """The commands, each run while the load posts in the other organisation. They return how much slower a post is."""

    def __init__(self, system: System, load: Load, folder: Path) -> None:
        self.system, self.load, self.folder = system, load, folder
        self.organisation = system.organisations[0]
        self.seconds: dict[str, list[float]] = {"backup": [], "restore": []}
        self.p99: dict[str, list[float]] = {"backup": [], "restore": []}
        self._made = 0
        wanted = {"address": self.organisation["address"], "messages": MESSAGES}
        with self._spawned("-m", "tests.bench.history", json.dumps(wanted)) as process:
            process.wait()

    @property
    def archive(self) -> Path:
        return self.folder / f"{self._made}.parley"

    def backup(self) -> float:
        self._made += 1
        return self._slower("backup", self.organisation["address"], str(self.archive))

    def restore(self) -> float:
        before = self._digest()
        slower = self._slower("restore", str(self.archive))
        if self._digest() != before or before[0] != MESSAGES:
            raise Wrong(f"{before} messages were restored as {self._digest()}")
        return slower

    def _slower(self, *command: str) -> float:
        """The median, over pairs of seconds, of the p50 with the command to that without."""
        pairs: list[tuple[Result, Result]] = []
        stopped, began = 0.0, time.monotonic()
        with self._spawned("manage.py", *command, nice=10) as process:
            while process.poll() is None and time.monotonic() < began + MOST_SECONDS:
                going = self._post()
                process.send_signal(signal.SIGSTOP)
                stopped -= time.monotonic()
                pairs.append((going, self._post()))
                stopped += time.monotonic()
                process.send_signal(signal.SIGCONT)
            self.seconds[command[0]].append(time.monotonic() - began - stopped)
        check_stored(self.system, *itertools.chain.from_iterable(pairs))
        waits = [(going.acknowledgement_ms, alone.acknowledgement_ms) for going, alone in pairs]
        self.p99[command[0]].append(statistics.median(going.p99 / alone.p99 for going, alone in waits))
        return statistics.median(going.p50 / alone.p50 for going, alone in waits)

    def _post(self) -> Result:
        return self.load.run(rate=RATE, seconds=PIECE, list_acknowledged=True)

    @contextmanager
    def _spawned(self, *arguments: str, nice: int = 0) -> Iterator[subprocess.Popen[bytes]]:
        """A process on the servers' core that has to end well within the block."""
        bench, command = self.system.bench, ["nice", f"-n{nice}", sys.executable, *arguments]
        with (
            tempfile.TemporaryFile() as log,
            bench.spawn(command, core=bench.server_core, env=self.system.environment, log=log) as process,
        ):
            yield process
            if process.poll() != 0:
                log.seek(0)
                raise Wrong(f"{arguments} ended with {process.poll()}:\n{log.read().decode()[-2000:]}")

    def _digest(self) -> tuple[int, str]:
        with psycopg.connect(self.system.database_url) as connection:
            row = connection.execute(_DIGEST.format(schema=self.organisation["schema"])).fetchone()
        assert row is not None
        return row
