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
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.config.stand_in import ASGI, Parley, free_port


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
    pids = parley.await_ready()
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
    parley.await_ready()
    parley.finish(signal.SIGINT)
    keys = (parley.folder / "data" / "secrets").read_text()
    assert len(keys.splitlines()) == 2
    assert "migrated" in parley.seen
    parley.start()
    record_property("seconds of a second start", parley.read_until(r"ready, after ([\d.]+) s")[1])
    _, seen = parley.finish(signal.SIGINT)
    assert "Sign in as ada@demo.example" in seen
    assert "migrated" not in seen
    assert (parley.folder / "data" / "secrets").read_text() == keys


def test_changed_code_is_prepared_for_again(parley: Parley) -> None:
    parley.start()
    parley.await_ready()
    parley.finish(signal.SIGINT)
    parley.change("chat/management/commands/demo.py", "ada@", "grace@")
    parley.start()
    parley.read_until("migrated(?s:.*)Sign in as grace@")


def test_a_kill_9_takes_everything_along_and_does_not_hinder_the_next_start(parley: Parley) -> None:
    parley.start()
    pids = parley.await_ready()
    pids += [parley.server_pid("postgres"), parley.server_pid("valkey")]
    parley.finish(signal.SIGKILL)
    for pid in pids:
        _await_end(pid)
    parley.start()
    parley.await_ready()


@pytest.mark.parametrize(("folder", "name"), [("valkey", "Valkey"), ("postgres", "Postgres")])
def test_a_server_that_dies_is_started_again(parley: Parley, folder: str, name: str) -> None:
    parley.start()
    parley.await_ready()
    os.kill(parley.server_pid(folder), signal.SIGKILL)
    parley.read_until(rf"{name} ended by itself \(signal SIGKILL\)")
    parley.read_until(rf"{name} is back")
    assert parley.finish(signal.SIGINT)[0] == 0


def test_a_worker_that_only_ends_again_is_said(parley: Parley) -> None:
    parley.change("chat/management/commands/worker.py", "signal.pause()", "sys.exit(7)")
    parley.start()
    code, seen = parley.finish()
    assert code == 1
    assert "The worker ends as soon as it starts (exit code 7); see above." in seen


def test_with_reload_a_change_starts_web_server_and_worker_again(parley: Parley) -> None:
    parley.write("chat/migrations/__init__.py", "")
    parley.start("--reload")
    parley.await_ready()
    parley.write("chat/rooms.py", "")
    parley.read_until(r"Starting again: chat/rooms.py")
    parley.read_until(r"(?s)(web \d+.*worker \d+|worker \d+.*web \d+)")
    parley.write("chat/migrations/0001_initial.py", "")
    parley.read_until(r"Starting again: chat/migrations/0001_initial.py\nMigrating")
    parley.read_until(r"web \d+")
    parley.write("config/asgi.py", "this is no Python")
    parley.read_until(r"The web server ended .*next change")
    parley.write("config/asgi.py", ASGI)
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
    command = "chat/management/commands/migrate_organisations.py"
    parley.change(command, 'self.stdout.write("migrated")', 'raise CommandError("the migration is broken")')
    parley.start()
    code, seen = parley.finish()
    assert code == 1
    assert "the migration is broken" in seen
    assert "The database could not be prepared" in seen
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
    other.__dict__ |= parley.__dict__ | {"port": free_port(), "process": None}
    parley.start()
    parley.await_ready()
    run = parley.folder / "data" / "run"
    other.start(
        DATABASE_URL=f"postgresql://parley@/parley?host={run}",
        REDIS_URL=f"unix://{run}/valkey.sock?db=1",
        PARLEY_DATA=str(parley.folder / "other"),
    )
    other.await_ready()
    assert other.finish(signal.SIGINT)[0] == 0
    assert not (parley.folder / "other" / "postgres").exists()
    assert parley.get() == str(parley.port)


def test_the_servers_alone(parley: Parley) -> None:
    parley.start("servers")
    url = parley.read_until(r"DATABASE_URL=(.*)\n")[1]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert parley.finish(signal.SIGINT)[0] == 0


def test_manage_uses_what_runs(parley: Parley) -> None:
    parley.start("manage", "show")
    code, seen = parley.finish()
    assert code == 1
    assert "make run" in seen
    parley.start()
    parley.await_ready()
    running = parley.process
    parley.start("manage", "show")
    assert f"host={parley.folder}/data/run" in parley.read_until(".*\n")[0]
    parley.finish()
    parley.process = running
