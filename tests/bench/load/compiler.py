"""The load client's program, compiled when its sources have changed and kept outside the repository."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from tests.bench.harness import Wrong

SOURCES = Path(__file__).parent
COMMAND = ("cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Wno-sign-compare")


def program() -> Path:
    """The program's path; compiles it (about a second) unless these sources were compiled before. Raises Wrong when
    there is no C compiler or it refuses them."""
    path = _cache() / f"load-{_digest()}"
    if not path.exists():
        _compile(path)
    return path


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "parley-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _digest() -> str:
    digest = hashlib.sha256(" ".join(COMMAND).encode())
    for source in sorted(SOURCES.glob("*.[ch]")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:20]


def _compile(path: Path) -> None:
    """Into a file of its own first: two processes may compile at the same time, neither sees half a program."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        try:
            done = subprocess.run(
                [*COMMAND, *map(str, sorted(SOURCES.glob("*.c"))), "-o", str(made)],
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise Wrong("The benchmark's load client needs a C compiler: there is no `cc` here.") from None
        if done.returncode:
            raise Wrong(f"The load client does not compile:\n{done.stderr}")
        made.replace(path)
