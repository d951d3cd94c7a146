"""The PostgreSQL and the Valkey of `make run` and of the tests, on sockets of their own: no port is taken.

As a library: `with start() as servers: ...` gives fresh ones that leave nothing behind. As a command,
`python -m config.embedded COMMAND ...` runs a command with DATABASE_URL and REDIS_URL of such servers.
docs/development.md tells where the data is and what to do when something is in the way.
"""

import atexit
import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from config.postgres import SOCKET, Postgres
from config.processes import Account, Trouble, take_lock, unprivileged_account
from config.valkey import Valkey

PROJECT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET = 100  # sun_path has 104 bytes on macOS, 108 on Linux


def data_folder() -> Path:
    """Where `make run` keeps its data: PARLEY_DATA, else `.data` here; as root outside any home folder.

    The servers of root run as an unprivileged account, which must be able to reach the folder.
    """
    if chosen := os.environ.get("PARLEY_DATA"):
        return Path(chosen).expanduser().resolve()
    if os.geteuid() != 0:
        return PROJECT / ".data"
    name = f"parley-{hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]}"
    home = "/var/lib" if os.access("/var/lib", os.W_OK) else "/var/tmp"  # noqa: S108 - prepare() checks whose it is
    return Path(home) / name


def start(
    folder: Path | None = None, *, ephemeral: bool | None = None, postgres: bool = True, valkey: bool = True
) -> "Servers":
    """Starts the servers and returns when both answer; about 0.4 s, and 1.5 s when there is no data yet.

    Without `folder` they work in a temporary one that goes when they stop. `ephemeral` (the default without
    a folder) trades durability for speed: no fsync, no autovacuum. Call it from a thread that lives as long
    as the servers should (see `config.processes.spawn`). Raises Trouble, whose text is for the person.
    """
    servers = Servers(folder, ephemeral=folder is None if ephemeral is None else ephemeral)
    try:
        servers.prepare(postgres=postgres, valkey=valkey)
    except OSError as error:
        servers.stop()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Trouble(f"The disk that holds {servers.folder} is full. Make some room.") from error
        raise
    except BaseException:
        servers.stop()
        raise
    atexit.register(servers.stop)
    return servers


class Servers:
    """A PostgreSQL and a Valkey that run until `stop()`, or until this process ends in whatever way."""

    def __init__(self, folder: Path | None, *, ephemeral: bool) -> None:
        self.temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="parley-")) if folder is None else folder.resolve()
        self.ephemeral = ephemeral
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self._lock: IO[str] | None = None
        self._owner = os.getpid()

    def prepare(self, *, postgres: bool, valkey: bool) -> None:
        account = unprivileged_account()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.folder.stat().st_uid != os.geteuid():
            raise Trouble(
                f"{self.folder} belongs to another account. Set PARLEY_DATA to a folder of your own."
            )
        if account:
            self.folder.chmod(0o711)
            _check_reach(self.folder, account)
        self._lock = take_lock(self.folder / "lock")
        sockets = _socket_folder(self.folder, account)
        if valkey:
            self.valkey = Valkey(self.folder, sockets, account, ephemeral=self.ephemeral)
            self.valkey.start()
        if postgres:
            self.postgres = Postgres(self.folder, sockets, account, ephemeral=self.ephemeral)
            self.postgres.start()

    def stop(self) -> None:
        """Stops what runs and removes a temporary folder. Harmless when called twice or in a forked child."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.stop)
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()
        if self._lock:
            self._lock.close()
            self._lock = None
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def database_url(self) -> str:
        return self._running_postgres.url

    @property
    def redis_url(self) -> str:
        return self._running_valkey.url

    @property
    def environment(self) -> dict[str, str]:
        """What `config.settings` needs of these servers."""
        urls = {}
        if self.postgres:
            urls["DATABASE_URL"] = self.postgres.url
        if self.valkey:
            urls["REDIS_URL"] = self.valkey.url
        return urls

    @property
    def postgres_pid(self) -> int | None:
        return self.postgres.process.pid if self.postgres and self.postgres.process else None

    @property
    def valkey_pid(self) -> int | None:
        return self.valkey.process.pid if self.valkey and self.valkey.process else None

    def running(self) -> list[Postgres | Valkey]:
        """Both, or the one that was asked for."""
        return [server for server in (self.postgres, self.valkey) if server]

    # What tests of faults do to the servers. Addresses and data stay the same.

    def stop_valkey(self) -> None:
        self._running_valkey.stop()

    def kill_valkey(self) -> None:
        self._running_valkey.kill()

    def start_valkey(self) -> None:
        self._running_valkey.start()

    def pause_valkey(self) -> None:
        self._running_valkey.pause()

    def resume_valkey(self) -> None:
        self._running_valkey.resume()

    def stop_postgres(self) -> None:
        self._running_postgres.stop()

    def start_postgres(self) -> None:
        self._running_postgres.start()

    @property
    def _running_postgres(self) -> Postgres:
        if self.postgres is None:
            raise LookupError("these servers were started without PostgreSQL")
        return self.postgres

    @property
    def _running_valkey(self) -> Valkey:
        if self.valkey is None:
            raise LookupError("these servers were started without Valkey")
        return self.valkey

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _check_reach(folder: Path, account: Account) -> None:
    """Says at once what would otherwise be a riddle: a parent of the data that the servers' account cannot enter."""
    for parent in folder.parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise Trouble(
                f"As root the servers run as '{account.name}', which cannot enter {parent}. "
                f"Set PARLEY_DATA to a folder elsewhere, such as /var/lib/parley."
            )


def _socket_folder(folder: Path, account: Account | None) -> Path:
    """A folder for the sockets that nobody else may enter: `run` in the data folder, or a short path in /tmp."""
    sockets = folder / "run"
    if len(os.fsencode(sockets / SOCKET)) > LONGEST_SOCKET:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        sockets = Path("/tmp") / f"parley-{os.geteuid()}-{name}"  # noqa: S108 - its owner is checked below
    sockets.mkdir(mode=0o700, exist_ok=True)
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.uid if account else -1):
        raise Trouble(f"{sockets} belongs to somebody else, and Parley needs it for its sockets. Remove it.")
    if account:
        account.own(sockets)
    else:
        sockets.chmod(0o700)
    return sockets


def main(command: list[str]) -> int:
    """Runs `command` with fresh servers and returns its exit code."""
    try:
        with start() as servers:
            return subprocess.run(command, check=False, env=os.environ | servers.environment).returncode
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
