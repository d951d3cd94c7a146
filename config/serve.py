"""`make run` and `make dev`: everything that Parley needs, in one command that stops what it started.

    python -m config.serve            servers, migrations, demo organisation, web server, worker
    python -m config.serve --reload   the same, and web server and worker start again on change
    python -m config.serve servers    PostgreSQL and Valkey alone, for a debugger or for pg_dump
    python -m config.serve manage …   manage.py with the environment of the Parley that runs from this folder

The environment may set PORT, HOST, DATABASE_URL, REDIS_URL and whatever config.settings reads; the rest gets
values for development. docs/development.md has the details.
"""

import errno
import json
import os
import signal
import socket
import sys
import time
from itertools import chain
from pathlib import Path
from typing import NoReturn

from config.embedded import PROJECT, Servers, data_folder, start
from config.environment import development_environment
from config.processes import Trouble, die_with_parent, end, spawn
from config.services import Service, fingerprint, look_after, moments, restart

MANAGE = (sys.executable, str(PROJECT / "manage.py"))
WEB = (
    "--loop=uvloop", "--http=httptools", "--ws=tenants.websocket.protocol:Protocol",
    # 64 KiB for a client's frame and something for its envelope; larger ones close the socket (1009).
    "--ws-max-size=66560",
    "--no-access-log", "--no-server-header", "--log-level=warning", "--timeout-graceful-shutdown=3",
)  # fmt: skip


class Stopped(BaseException):
    """Ctrl+C, SIGTERM or the terminal's end. Like KeyboardInterrupt, nothing on the way should catch it."""


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0 after Ctrl+C, 1 when something was in the way."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means what it says
            signal.signal(number, _stop)
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM)
    try:
        if arguments[:1] == ["manage"]:
            manage(arguments[1:])
        if arguments == ["servers"]:
            serve_only()
        run(reload="--reload" in arguments)
        return 0
    except Stopped:
        return 0
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"\nThe disk that holds {data_folder()} is full. Make some room.", file=sys.stderr)
        return 1


def _stop(number: int, frame: object) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # stopping takes its bounded time, and is not interrupted
    raise Stopped


def run(*, reload: bool) -> None:
    """Starts everything and looks after it until Stopped or Trouble, which leave when all of it is stopped."""
    began = time.monotonic()
    host, port = os.environ.get("HOST", "127.0.0.1"), _port()
    _check_port(host, port)
    environment = development_environment(port)
    servers: Servers | None = None
    services: list[Service] = []
    try:
        servers = _start_servers(environment)
        _remember(environment)
        sign_in = _prepare(servers, environment)
        web = [
            sys.executable,
            "-m",
            "uvicorn",
            "config.asgi:application",
            f"--host={host}",
            f"--port={port}",
            *WEB,
        ]
        services += [
            Service("The web server", web, environment),
            Service("The worker", [*MANAGE, "worker"], environment),
        ]
        for service in services:
            service.start()
        changes = moments(reload)
        first = next(changes)  # from here on no change is missed
        _await_web(host, port, services[0])
        print(_welcome(port, sign_in, time.monotonic() - began), flush=True)
        for changed in chain([first], changes):
            if changed:
                print(f"Starting again: {', '.join(sorted(changed))}", flush=True)
                if any("/migrations/" in path for path in changed):
                    _try_to_prepare(servers, environment)
                restart(services)
            look_after(servers, services, reload)
    except Stopped:
        print("\nStopping …", flush=True)
        raise
    finally:
        for service in reversed(services):
            service.stop()
        if servers:
            servers.stop()
        _environment_file().unlink(missing_ok=True)


def serve_only() -> NoReturn:
    """Runs the embedded servers until Stopped."""
    with start(data_folder()) as servers:
        for name, url in servers.environment.items():
            print(f"{name}={url}")
        print("Ctrl+C stops them.", flush=True)
        while True:
            signal.pause()


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Trouble(f"PORT is {text!r}, and should be a number from 1 to 65535: PORT=8001 make run")
    return int(text)


def _check_port(host: str, port: int) -> None:
    """Says at once what uvicorn would only say after the migrations."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Trouble(
                    f"Port {port} is taken: another program listens there, perhaps another Parley. "
                    f"Choose another port: PORT={port + 1 if port < 65535 else 8000} make run"
                ) from None
            if error.errno == errno.EACCES:
                raise Trouble(f"Port {port} is only for root. Choose another: PORT=8000 make run") from None
            raise Trouble(f"HOST={host} PORT={port} cannot be listened on: {error.strerror}.") from None


def _start_servers(environment: dict[str, str]) -> Servers | None:
    """Starts what the environment does not name."""
    ours = {name for name in ("DATABASE_URL", "REDIS_URL") if not environment.get(name)}
    if not ours:
        return None
    servers = start(data_folder(), postgres="DATABASE_URL" in ours, valkey="REDIS_URL" in ours)
    environment.update(servers.environment)
    return servers


def _prepare(servers: Servers | None, environment: dict[str, str]) -> str:
    """Migrates, makes the demo organisation, and returns how to sign in to it.

    The embedded database has a note of the code that it was prepared for: with the same code there is
    nothing to do, and the start is three seconds shorter.
    """
    postgres = servers.postgres if servers else None
    code = fingerprint()
    if postgres and (note := postgres.note()).startswith(code):
        return note.removeprefix(code).strip()
    process = spawn(
        [sys.executable, "-m", "config.prepare"], environment=environment, folder=PROJECT, capture=True
    )
    try:
        sign_in = process.communicate()[0].decode(errors="replace").strip()
    except BaseException:
        end(process, (signal.SIGTERM, 5.0), group=True)
        raise
    if process.returncode != 0:
        raise Trouble("The database could not be prepared; see above.")
    if postgres:
        postgres.write_note(f"{code}\n{sign_in}")
    return sign_in


def _try_to_prepare(servers: Servers | None, environment: dict[str, str]) -> None:
    """As _prepare, while somebody is still writing the migration: an error is theirs to read, and no end."""
    try:
        _prepare(servers, environment)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)


def _await_web(host: str, port: int, web: Service) -> None:
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    while web.ended() is None:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
        if time.monotonic() > web.started_at + 60:
            break
    raise Trouble("The web server did not start; see above.")


def _welcome(port: int, sign_in: str, seconds: float) -> str:
    rest = "" if port == 80 else f":{port}"
    lines = [
        f"\nParley is ready, after {seconds:.1f} s.\n",
        f"  Public site        http://localhost{rest}",
        f"  Demo organisation  http://demo.localhost{rest}",
        *(f"  {line}" for line in sign_in.splitlines()),
        f"\n  Data in {data_folder()}. Ctrl+C stops everything.",
    ]
    return "\n".join(lines)


def _environment_file() -> Path:
    return data_folder() / "environment.json"


def _remember(environment: dict[str, str]) -> None:
    """Leaves the environment for `make manage`; only what is ours, and only for this account's eyes."""
    ours = {
        k: v
        for k, v in environment.items()
        if k.startswith("PARLEY_") or k in ("DATABASE_URL", "REDIS_URL", "PORT")
    }
    file = _environment_file()
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(ours, out)


def manage(arguments: list[str]) -> NoReturn:
    """Becomes `manage.py arguments` on the servers that run."""
    try:
        environment = json.loads(_environment_file().read_text())
    except FileNotFoundError:
        raise Trouble(
            "Parley is not running from this folder. Start it in another terminal: make run"
        ) from None
    os.execve(MANAGE[0], [*MANAGE, *arguments], os.environ | environment)  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
