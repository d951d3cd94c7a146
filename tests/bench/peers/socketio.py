"""socket.io on Node with its Redis adapter, on the Valkey that Parley uses too. One process for the one core.

The packages come from npm at the versions below and are kept in a cache folder; with `bufferutil`, as socket.io's
documentation advises for production. The adapter publishes each message to Valkey and fans it out at once to the
sockets of its own process, where Parley waits for Valkey: the order in which all processes see it is not its promise.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.harness import Bench, Wrong
from tests.bench.peers import Peer, plan, room, started
from tests.servers import free_port

PACKAGES = ("socket.io@4.8.4", "@socket.io/redis-adapter@8.3.0", "redis@5.8.2", "bufferutil@4.1.0")
SERVER = Path(__file__).with_name("socketio.cjs")
INSTALL_SECONDS = 300


def missing() -> str | None:
    if shutil.which("node") and shutil.which("npm"):
        return None
    return "socket.io: apt-get install nodejs npm"


@contextmanager
def running(bench: Bench) -> Iterator[Peer]:
    valkey = bench.servers.valkey
    if valkey is None or valkey.process is None:
        raise Wrong("socket.io's adapter needs Valkey")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_PATH": str(_installed() / "node_modules"),
        "NODE_ENV": "production",
    }
    command = ["node", str(SERVER), str(port), str(valkey.socket)]
    with (
        tempfile.TemporaryDirectory(prefix="parley-socketio-") as folder,
        started(bench, command, port, Path(folder), environment) as process,
    ):
        words = plan(
            port,
            room("/socket.io/?EIO=4&transport=websocket"),
            opening=(("wait", '0{"sid"'), ("send", "40"), ("wait", '42["joined"]')),
            post='42["post",{"id":"{client}","text":"{body}"}]',
            answers=(("2", "3"),),
            errors=('44{"message"',),
        )
        yield Peer("socket.io", words, {"node": process.pid, "Valkey": valkey.process.pid})


def _installed() -> Path:
    """The folder with the packages; npm fetches them where they are not there yet."""
    folder = _cache() / f"socketio-{hashlib.sha256(' '.join(PACKAGES).encode()).hexdigest()[:12]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            _install(Path(fresh) / folder.name)
            (Path(fresh) / folder.name).rename(folder)
    return folder


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parley-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _install(folder: Path) -> None:
    """No scripts are run: bufferutil brings what it needs."""
    folder.mkdir()
    options = ("--ignore-scripts", "--no-save", "--no-package-lock", "--no-audit", "--no-fund")
    done = subprocess.run(
        ["npm", "install", "--prefix", str(folder), *options, *PACKAGES],
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
    )
    if done.returncode:
        raise Wrong(f"npm could not install {', '.join(PACKAGES)}:\n{done.stderr[-2000:]}")
