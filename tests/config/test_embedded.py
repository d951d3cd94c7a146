"""The embedded servers, with the real programs: what they promise to callers, and what they survive."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config import embedded, postgres
from config.embedded import PROJECT, start
from config.processes import Account, Trouble, unprivileged_account

HOLDER = """
import signal, sys
from pathlib import Path
from config.embedded import start
servers = start(Path(sys.argv[1]), ephemeral=True)
print(servers.postgres_pid, servers.valkey_pid, flush=True)
signal.pause()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """pytest's own is under a folder that, as root, the servers' account may not enter."""
    path = Path(tempfile.mkdtemp(prefix="parley-test-"))
    path.chmod(0o711)
    yield path / "data"
    shutil.rmtree(path)


def await_end(pid: int) -> None:
    """Waits until a process that need not be a child of ours has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 20)[0], f"process {pid} still runs"
    finally:
        os.close(handle)


def write_note(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def notes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note")]


def test_fresh_servers_answer_and_leave_nothing_behind() -> None:
    with start() as servers:
        with psycopg.connect(servers.database_url) as connection:
            row = connection.execute(
                "SELECT current_user::text, rolsuper, rolcreaterole, rolcreatedb, datctype "
                "FROM pg_roles, pg_database WHERE rolname = current_user AND datname = 'parley'"
            ).fetchone()
            assert row == ("parley", False, True, True, "C.UTF-8")
            trigrams = connection.execute("SELECT cardinality(show_trgm('日本語'))").fetchone()
            assert trigrams == (4,)
        assert redis.Redis.from_url(servers.redis_url).ping()
        pids = [servers.postgres_pid, servers.valkey_pid]
        path = servers.folder
    for pid in pids:
        assert pid
        await_end(pid)
    assert not path.exists()


def test_the_servers_of_root_run_as_another_account() -> None:
    account = unprivileged_account()
    with start() as servers:
        for pid in (servers.postgres_pid, servers.valkey_pid):
            assert Path(f"/proc/{pid}").stat().st_uid == (account.uid if account else os.geteuid())


def test_what_was_committed_outlives_a_stop(folder: Path) -> None:
    with start(folder) as servers:
        write_note(servers.database_url, "kept")
        url = servers.database_url
    with start(folder) as servers:
        assert servers.database_url == url
        assert notes(url) == ["kept"]


def test_one_server_alone() -> None:
    with start(postgres=False) as servers:
        assert set(servers.environment) == {"REDIS_URL"}
        with pytest.raises(LookupError):
            _ = servers.database_url


def test_valkey_can_fail_and_come_back_at_the_same_address() -> None:
    with start(postgres=False) as servers:
        client = redis.Redis.from_url(servers.redis_url, socket_timeout=0.2, retry=None)
        for fail, mend in (
            (servers.stop_valkey, servers.start_valkey),
            (servers.kill_valkey, servers.start_valkey),
            (servers.pause_valkey, servers.resume_valkey),
        ):
            fail()
            with pytest.raises((redis.ConnectionError, redis.TimeoutError)):
                client.ping()
            mend()
            assert client.ping()


def test_a_folder_has_one_owner(folder: Path) -> None:
    with (
        start(folder, postgres=False),
        pytest.raises(Trouble, match=rf"already running \(process {os.getpid()}\)"),
    ):
        start(folder, postgres=False)
    start(folder, postgres=False).stop()


def test_a_kill_9_of_the_owner_ends_the_servers_and_loses_nothing(folder: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    pids = [int(pid) for pid in holder.stdout.readline().split()]
    url = f"postgresql://parley@/parley?host={folder}/run"
    write_note(url, "committed")
    holder.kill()
    holder.communicate()
    with start(folder, ephemeral=True) as servers:  # at once: the old ones may still be stopping
        assert notes(servers.database_url) == ["committed"]
    for pid in pids:
        await_end(pid)


def test_a_kill_9_of_the_servers_leaves_locks_that_do_not_matter(folder: Path) -> None:
    servers = start(folder)
    write_note(servers.database_url, "committed")
    for pid in (servers.postgres_pid, servers.valkey_pid):
        assert pid
        os.kill(pid, signal.SIGKILL)
    servers.stop()
    assert (folder / "postgres" / "postmaster.pid").exists()
    with start(folder) as servers:
        assert notes(servers.database_url) == ["committed"]


def test_a_process_that_took_the_number_of_a_dead_postgres_is_left_alone(folder: Path) -> None:
    with start(folder) as servers:
        pid_file = (folder / "postgres" / "postmaster.pid").read_text()
        assert servers.postgres_pid
        os.kill(servers.postgres_pid, signal.SIGKILL)
    account = unprivileged_account()
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=account and account.uid) as bystander:
        stale = pid_file.split("\n", 1)
        (folder / "postgres" / "postmaster.pid").write_text(f"{bystander.pid}\n{stale[1]}")
        start(folder).stop()
        assert bystander.poll() is None


def test_a_folder_of_another_version_is_refused_with_the_way_out(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(
        Trouble, match=r"made by PostgreSQL 14; this version of Parley brings PostgreSQL 18.*\n?.*mv "
    ):
        start(folder)
    assert (folder / "postgres" / "PG_VERSION").exists()


@pytest.mark.parametrize("program", ["initdb", "postgres"])
def test_a_full_disk_is_said_and_leaves_nothing_half_made(
    folder: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program == "postgres":
        start(folder, valkey=False).stop()
    programs = folder.parent / "bin"
    programs.mkdir()
    fake = programs / program
    fake.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "postgres (PostgreSQL) 18.6" && exit\n'
        'echo "FATAL: could not write to file: No space left on device" >&2\nexit 1\n'
    )
    fake.chmod(0o755)
    monkeypatch.setattr(postgres, "_programs", lambda *_: programs)
    with pytest.raises(Trouble, match="full"):
        start(folder, valkey=False)
    assert not (folder / "postgres.new").exists()
    assert (folder / "postgres").exists() == (program == "postgres")


def test_a_folder_too_deep_for_a_socket_still_works(folder: Path) -> None:
    deep = folder.joinpath(*["a-rather-long-name"] * 6)
    with start(deep, postgres=False) as servers:
        assert servers.redis_url.startswith(f"unix:///tmp/parley-{os.geteuid()}-")
        assert redis.Redis.from_url(servers.redis_url).ping()
        sockets = Path(servers.redis_url.removeprefix("unix://")).parent
        assert sockets.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(sockets)


def test_a_folder_that_the_account_of_the_servers_cannot_enter_is_said(folder: Path) -> None:
    folder.parent.chmod(0o700)
    with pytest.raises(Trouble, match=f"'nobody', which cannot enter {folder.parent}"):
        embedded._check_reach(folder, Account("nobody", 65534, 65534))


def test_programs_that_the_account_cannot_reach_are_copied_with_their_libraries(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a project in /root: nobody cannot enter it."""
    monkeypatch.setattr(postgres, "_can_run", lambda *_: False)
    folder.mkdir()
    (folder / "postgresql-17.1.0").mkdir()
    programs = postgres._programs(folder, Account("nobody", 65534, 65534))
    assert programs.is_relative_to(folder)
    for program in ("initdb", "postgres"):
        subprocess.run([str(programs / program), "--version"], check=True, env={})
    assert len(list(folder.iterdir())) == 1


def test_the_command_gives_its_servers_to_another_command() -> None:
    code = "import os, sys; sys.exit(3 * all(os.environ[n] for n in ('DATABASE_URL', 'REDIS_URL')))"
    assert embedded.main([sys.executable, "-c", code]) == 3
