"""Processes that end with the one that started them, and the account that servers run as."""

import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Trouble(Exception):
    """Something that the person at the keyboard can put right; its text says how."""


@dataclass(frozen=True)
class Account:
    """An unprivileged account: PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Gives `path` to this account, which alone may enter it."""
        os.chown(path, self.uid, self.gid)
        path.chmod(0o700)


def unprivileged_account() -> Account | None:
    """The account for the servers when we are root, else None: they run as whoever started them."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Trouble(
        "PostgreSQL does not run as root, and this machine has no account 'nobody' to run it as. "
        "Start Parley as an ordinary user."
    )


def spawn(
    arguments: Sequence[str | Path],
    *,
    account: Account | None = None,
    at_our_death: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    log: IO[bytes] | None = None,
    capture: bool = False,
) -> subprocess.Popen[bytes]:
    """Starts a process in a process group of its own, so that Ctrl+C reaches us and not it.

    On Linux it gets `at_our_death` when the calling *thread* ends, for whatever reason (prctl(2)): start
    from a thread that lives as long as the process should. Elsewhere a kill -9 of ours leaves it running.
    `log` takes its output and its errors; `capture` pipes its output only.
    """
    return subprocess.Popen(
        [str(argument) for argument in arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else log,
        stderr=log,
        cwd=folder,
        env=None if environment is None else dict(environment),
        process_group=0,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        # It runs after the change of user, which would clear the request.
        preexec_fn=_ask_for_signal(at_our_death),  # noqa: PLW1509 - one system call
    )


def _ask_for_signal(number: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return ask


def die_with_parent(number: signal.Signals) -> None:
    """Asks for `number` when our own parent ends, such as a `make` that is killed. Linux only."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def end(
    process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float], group: bool = False
) -> int | None:
    """Sends each signal in turn, waiting its seconds, and SIGKILL at last; returns the exit code.

    With `group` the signals go to the process's whole group, reloaders' and workers' children included.
    """
    send = os.killpg if group else os.kill
    for number, patience in (*steps, (signal.SIGKILL, 5.0)):
        if process.poll() is not None:
            break
        try:
            send(process.pid, signal.SIGCONT)  # a paused process would not hear
            send(process.pid, number)
            process.wait(patience)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    return process.poll()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def explain(what: str, output: str, folder: Path) -> str:
    """What a person should read of a program's last words: a full disk can swallow even those."""
    full = "No space left on device" in output or "Disk quota exceeded" in output
    if full or shutil.disk_usage(folder).free < 2_000_000:
        return f"{what}: the disk that holds {folder} is full. Make some room (a fresh database takes 80 MB)."
    last = "\n".join(output.strip().splitlines()[-12:])
    return f"{what}. It said:\n{last}"


def take_lock(path: Path) -> IO[str]:
    """Locks `path` for as long as the returned file is open. A kill -9 opens the lock too, so none goes stale."""
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise Trouble(
            f"The servers of {path.parent} are already running (process {owner}). "
            "Use those, or stop them with Ctrl+C where they were started."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
