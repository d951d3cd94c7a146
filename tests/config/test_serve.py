"""`make run` from its first line to its last, with the real servers and a stand-in for the application.

The stand-in is a project of a few lines with our `config` beside it: what is tested here is starting, looking
after and stopping. That the real application starts so is shown by the browser tests and by `make run` itself.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded import PROJECT

MODULES = ("__init__", "embedded", "environment", "postgres", "processes", "serve", "valkey")
MANAGE = """
import os, signal, sys
assert os.environ["DATABASE_URL"] and os.environ["REDIS_URL"] and os.environ["PARLEY_SECRET_KEY"]
match sys.argv[1]:
    case "migrate_organisations":
        sys.exit("the migration is broken") if os.path.exists("broken") else print("migrated")
    case "demo":
        print("Sign in as ada@demo.example")
    case "worker":
        print("worker", os.getpid(), flush=True)
        signal.pause()
    case "show":
        print(os.environ["DATABASE_URL"])
"""
ASGI = """
import os
print("web", os.getpid(), flush=True)
async def application(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": os.environ["PORT"].encode()})
"""


class Parley:
    """A stand-in project, started as `make run` starts the real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.seen, self.read = "", 0
        (folder / "config").mkdir()
        for name in MODULES:
            shutil.copy(PROJECT / "config" / f"{name}.py", folder / "config")
        (folder / "config" / "asgi.py").write_text(ASGI)
        (folder / "manage.py").write_text(MANAGE)

    def start(self, *arguments: str, **environment: str) -> None:
        inherited = {
            k: v for k, v in os.environ.items() if not re.match("PARLEY|DJANGO|DATABASE|REDIS|MAKE", k)
        }
        self.seen, self.read = "", 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.serve", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=inherited | {"PORT": str(self.port), "PARLEY_DATA": str(self.folder / "data")} | environment,
            bufsize=0,
        )

    def read_until(self, pattern: str) -> re.Match[str]:
        """Reads on until what was printed since the last match matches."""
        assert self.process
        assert self.process.stdout
        while not (match := re.search(pattern, self.seen[self.read :])):
            ready, _, _ = select.select([self.process.stdout], [], [], 30)
            text = os.read(self.process.stdout.fileno(), 65536).decode() if ready else ""
            assert text, f"no {pattern!r} in:\n{self.seen}"
            self.seen += text
        self.read += match.end()
        return match

    def finish(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Signals, waits for the end, and returns the exit code and all that was printed."""
        assert self.process
        if number:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=40)
        self.seen += rest.decode()
        return self.process.returncode, self.seen

    def get(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
            return answer.read().decode()

    def server_pid(self, name: str) -> int:
        """The PostgreSQL or Valkey whose working folder is in our data."""
        data = (self.folder / "data" / name).resolve()
        for process in Path("/proc").iterdir():
            try:
                if process.name.isdigit() and (process / "cwd").resolve(strict=True) == data:
                    status = (process / "status").read_text()
                    if name != "postgres" or f"PPid:\t{self.process.pid}\n" in status:  # type: ignore[union-attr]
                        return int(process.name)
            except OSError:
                continue
        raise LookupError(name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_end(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 20)[0], f"process {pid} still runs"
    finally:
        os.close(handle)


@pytest.fixture
def parley() -> Iterator[Parley]:
    folder = Path(tempfile.mkdtemp(prefix="parley-test-"))
    folder.chmod(0o711)
    parley = Parley(folder)
    yield parley
    if parley.process and parley.process.poll() is None:
        parley.finish(signal.SIGTERM)
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_starts_says_how_to_sign_in_and_stops_all_that_it_started(
    parley: Parley, number: signal.Signals
) -> None:
    parley.start()
    pids = [int(parley.read_until(r"(?:web|worker) (\d+)\n")[1]) for _ in range(2)]
    parley.read_until(r"Ctrl\+C stops everything")
    for line in (
        f"http://localhost:{parley.port}\n",
        f"http://demo.localhost:{parley.port}\n",
        "  Sign in as ada@demo.example\n",
    ):
        assert line in parley.seen
    assert parley.get() == str(parley.port)
    pids += [parley.server_pid("postgres"), parley.server_pid("valkey")]
    code, _ = parley.finish(number)
    assert code == 0
    for pid in pids:
        _await_end(pid)
    assert (parley.folder / "data" / "secrets").stat().st_mode & 0o777 == 0o600


def test_a_second_start_keeps_its_data_and_its_keys(
    parley: Parley, record_property: Callable[[str, object], None]
) -> None:
    parley.start()
    parley.read_until("is ready")
    parley.finish(signal.SIGINT)
    keys = (parley.folder / "data" / "secrets").read_text()
    assert len(keys.splitlines()) == 2
    parley.start()
    record_property("seconds of a second start", parley.read_until(r"ready, after ([\d.]+) s")[1])
    parley.finish(signal.SIGINT)
    assert (parley.folder / "data" / "secrets").read_text() == keys


def test_a_kill_9_takes_everything_along_and_does_not_hinder_the_next_start(parley: Parley) -> None:
    parley.start()
    pids = [int(parley.read_until(r"(?:web|worker) (\d+)\n")[1]) for _ in range(2)]
    parley.read_until("is ready")
    pids += [parley.server_pid("postgres"), parley.server_pid("valkey")]
    parley.finish(signal.SIGKILL)
    for pid in pids:
        _await_end(pid)
    parley.start()
    parley.read_until("is ready")


@pytest.mark.parametrize(("folder", "name"), [("valkey", "Valkey"), ("postgres", "Postgres")])
def test_a_server_that_dies_is_started_again(parley: Parley, folder: str, name: str) -> None:
    parley.start()
    parley.read_until("is ready")
    os.kill(parley.server_pid(folder), signal.SIGKILL)
    parley.read_until(rf"{name} ended by itself \(signal SIGKILL\)")
    parley.read_until(rf"{name} is back")
    assert parley.finish(signal.SIGINT)[0] == 0


def test_a_worker_that_only_ends_again_is_said(parley: Parley) -> None:
    manage = parley.folder / "manage.py"
    manage.write_text(manage.read_text().replace("signal.pause()", "sys.exit(7)"))
    parley.start()
    code, seen = parley.finish()
    assert code == 1
    assert "The worker ends as soon as it starts (exit code 7); see above." in seen


def test_with_reload_a_change_starts_web_server_and_worker_again(parley: Parley) -> None:
    (parley.folder / "chat").mkdir()
    parley.start("--reload")
    parley.read_until("is ready")
    (parley.folder / "chat" / "rooms.py").write_text("")
    parley.read_until(r"Starting again: chat/rooms.py")
    parley.read_until(r"(?s)(web \d+.*worker \d+|worker \d+.*web \d+)")
    (parley.folder / "config" / "asgi.py").write_text("this is no Python")
    parley.read_until(r"The web server ended .*next change")
    (parley.folder / "config" / "asgi.py").write_text(ASGI)
    parley.read_until(r"web \d+")
    assert parley.finish(signal.SIGINT)[0] == 0


def test_a_taken_port_is_named_with_the_way_out(parley: Parley) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", parley.port))
        other.listen()
        parley.start()
        code, seen = parley.finish()
    assert code == 1
    assert f"Port {parley.port} is taken" in seen
    assert re.search(r"PORT=\d+ make run", seen)
    assert not (parley.folder / "data").exists()


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "-1", "80 "])
def test_a_port_that_is_none_is_refused(parley: Parley, text: str) -> None:
    parley.start(PORT=text)
    code, seen = parley.finish()
    assert code == 1
    assert f"PORT is {text!r}" in seen


def test_a_migration_that_fails_is_shown_and_everything_stops(parley: Parley) -> None:
    (parley.folder / "broken").touch()
    parley.start()
    code, seen = parley.finish()
    assert code == 1
    assert "the migration is broken" in seen
    assert "manage.py migrate_organisations failed" in seen
    with pytest.raises(LookupError):
        parley.server_pid("valkey")


@pytest.mark.parametrize(
    ("name", "url"),
    [("DATABASE_URL", "postgresql://parley@127.0.0.1:1/parley"), ("REDIS_URL", "redis://127.0.0.1:1/0")],
)
def test_a_server_of_ones_own_that_does_not_answer_is_named(parley: Parley, name: str, url: str) -> None:
    parley.start(**{name: url})
    code, seen = parley.finish()
    assert code == 1
    assert f"{name} is set, and what it names does not answer" in seen


def test_servers_of_ones_own_are_used(parley: Parley) -> None:
    other = Parley.__new__(Parley)
    other.__dict__ |= parley.__dict__ | {"port": _free_port(), "process": None}
    parley.start()
    parley.read_until("is ready")
    run = parley.folder / "data" / "run"
    other.start(
        DATABASE_URL=f"postgresql://parley@/parley?host={run}",
        REDIS_URL=f"unix://{run}/valkey.sock?db=1",
        PARLEY_DATA=str(parley.folder / "other"),
    )
    other.read_until("is ready")
    assert other.finish(signal.SIGINT)[0] == 0
    assert not (parley.folder / "other" / "postgres").exists()
    assert parley.get() == str(parley.port)


def test_manage_uses_what_runs(parley: Parley) -> None:
    parley.start("manage", "show")
    code, seen = parley.finish()
    assert code == 1
    assert "make run" in seen
    parley.start()
    parley.read_until("is ready")
    running = parley.process
    parley.start("manage", "show")
    assert f"host={parley.folder}/data/run" in parley.read_until(".*\n")[0]
    parley.finish()
    parley.process = running
