"""A project of a few lines with our `config` beside it, to be started as `make run` starts the real one."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from config.embedded import PROJECT

MODULES = (
    "__init__", "embedded", "environment", "postgres", "prepare", "processes", "serve", "services", "valkey"
)  # fmt: skip
FILES = {
    "config/settings.py": """
import os
assert os.environ["DATABASE_URL"] and os.environ["REDIS_URL"]
SECRET_KEY = os.environ["PARLEY_SECRET_KEY"]
INSTALLED_APPS = ["chat"]
""",
    "chat/__init__.py": "",
    "chat/management/commands/migrate_organisations.py": """
from django.core.management.base import BaseCommand, CommandError
class Command(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write("migrated")
""",
    "chat/management/commands/demo.py": """
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write("Sign in as ada@demo.example")
""",
    "chat/management/commands/worker.py": """
import os, signal, sys
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def handle(self, *args, **options):
        print("worker", os.getpid(), flush=True)
        signal.pause()
""",
    "chat/management/commands/show.py": """
import os
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def handle(self, *args, **options):
        print(os.environ["DATABASE_URL"])
""",
}
ASGI = """
import os
print("web", os.getpid(), flush=True)
async def application(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": os.environ["PORT"].encode()})
"""


# No less than what `make run` allows itself on a machine that is busy with something else: it waits a minute for its web
# server; web server, worker, Valkey and Postgres have 13, 13, 15 and 30 seconds to end, one after the other.
SILENCE = 90
STOPPING = 90


class Parley:
    """A stand-in project, started as `make run` starts the real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.seen, self.read = "", 0
        for name, text in (FILES | {"config/asgi.py": ASGI}).items():
            self.write(name, text)
        for name in MODULES:
            shutil.copy(PROJECT / "config" / f"{name}.py", folder / "config")
        shutil.copy(PROJECT / "manage.py", folder)
        self.write("tenants/__init__.py", "")  # the web server's protocol class, which `make run` names
        shutil.copytree(PROJECT / "tenants" / "websocket", folder / "tenants" / "websocket")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

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
            ready, _, _ = select.select([self.process.stdout], [], [], SILENCE)
            text = os.read(self.process.stdout.fileno(), 65536).decode() if ready else ""
            assert text, f"no {pattern!r} in:\n{self.seen}"
            self.seen += text
        self.read += match.end()
        return match

    def await_ready(self) -> list[int]:
        """Waits for the welcome and for both services; returns the process ids of web server and worker."""
        every = r"(?s)(?=.*web (\d+)\n)(?=.*worker (\d+)\n)(?=.*Ctrl\+C stops everything\.)"
        match = self.read_until(every)
        self.read = len(self.seen)
        return [int(pid) for pid in match.groups()]

    def finish(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Signals, waits for the end, and returns the exit code and all that was printed."""
        assert self.process
        if number:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=STOPPING)
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
