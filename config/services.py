"""The processes of `make run`: started, started again when they end or their code changes, and stopped."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from watchfiles import PythonFilter, watch

from config.embedded import PROJECT, Servers
from config.processes import Trouble, end, spawn

WATCHED = ("config", "tenants", "accounts", "chat", "notifications", "templates")
TOO_SOON = 5.0  # seconds: what ends sooner after its start may only end again
PATIENCE = 3  # so many times in a row; a worker that lost its database may need two


class Service:
    """A process of ours that is started again when it ends, unless it only ends again."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.started_at = 0.0
        self.quick_ends = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = spawn(self.arguments, environment=self.environment, folder=PROJECT)

    def stop(self) -> None:
        if self.process:
            end(self.process, (signal.SIGTERM, 8.0), group=True)
            self.process = None

    def ended(self) -> int | None:
        return self.process.poll() if self.process else None


def fingerprint() -> str:
    """Of all code and of the packages it runs with: what it is the same for behaves the same."""
    digest = hashlib.sha256()
    files = [
        PROJECT / "requirements.txt",
        *(path for name in WATCHED for path in (PROJECT / name).rglob("*.py")),
    ]
    for path in sorted(files):
        if path.exists():
            digest.update(os.fsencode(path.relative_to(PROJECT)) + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def moments(reload: bool) -> Iterator[set[str]]:
    """Four times a second the files that changed; always none without `reload`."""
    if not reload:
        while True:
            yield set()
            time.sleep(0.25)
    folders = [PROJECT / name for name in WATCHED if (PROJECT / name).is_dir()]
    only = PythonFilter(extra_extensions=(".html", ".po", ".mo"))
    for changes in watch(
        *folders, watch_filter=only, yield_on_timeout=True, rust_timeout=250, raise_interrupt=False
    ):
        yield {os.path.relpath(path, PROJECT) for _, path in changes}


def restart(services: list[Service]) -> None:
    for service in reversed(services):
        service.stop()
    for service in services:
        service.start()


def look_after(servers: Servers | None, services: list[Service], reload: bool) -> None:
    """Starts again what has ended. Raises Trouble when it would only end again."""
    for server in servers.running() if servers else ():
        if server.process and (code := server.process.poll()) is not None:
            name = type(server).__name__
            print(f"{name} ended by itself ({_cause(code)}). Starting it again.", file=sys.stderr)
            server.start()
            print(f"{name} is back. Its log is {server.log}.", file=sys.stderr)
    for service in services:
        code = service.ended()
        if code is None:
            continue
        service.quick_ends = service.quick_ends + 1 if time.monotonic() < service.started_at + TOO_SOON else 0
        cause = _cause(code)
        if service.quick_ends and reload:
            print(f"{service.name} ended ({cause}). It starts again with your next change.", file=sys.stderr)
            service.process = None
        elif service.quick_ends == PATIENCE:
            raise Trouble(f"{service.name} ends as soon as it starts ({cause}); see above.")
        else:
            print(f"{service.name} ended by itself ({cause}). Starting it again.", file=sys.stderr)
            service.start()


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
