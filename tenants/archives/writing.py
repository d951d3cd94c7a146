"""Writing an archive: members whose size is known only at their end, and the sums of all of them."""

import fcntl
import hashlib
import os
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tenants.archives.errors import Refused
from tenants.archives.manifest import Manifest, encode

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
_GZIP_LEVEL = 1  # the fastest: a backup shares its core with people who talk
_GZIP = 31  # zlib's number for a stream in gzip's format
_PRIVATE = 0o600

type Write = Callable[[bytes], object]


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears at `path` complete and on the disk, or not at all. Nobody else may read it.

    What a crash left of an earlier attempt is overwritten. Raises Refused when there is something at `path`, or
    somebody else is writing it.
    """
    if path.exists():
        raise Refused(f"{path} exists already: choose another name.")
    partial = path.with_name(f".{path.name}.part")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _PRIVATE)
    with os.fdopen(descriptor, "w+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{path} is being written right now.") from None
        try:
            os.fchmod(file.fileno(), _PRIVATE)
            file.truncate()
            yield file
            file.flush()
            os.fsync(file.fileno())
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Only then is the new name on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class ArchiveWriter:
    """Writes members one after the other to a file that can be sought in; `finish` ends it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sums: list[str] = []

    @contextmanager
    def member(self, name: str) -> Iterator[Write]:
        """`write` adds to the member; its header is written again at the end, with its size."""
        digest = hashlib.sha256()
        start = self._file.tell()
        self._file.write(_header(name, 0))
        begin = self._file.tell()

        def write(some: bytes) -> None:
            digest.update(some)
            self._file.write(some)

        yield write
        end = self._file.tell()
        self._file.write(bytes(-end % tarfile.BLOCKSIZE))
        self._file.seek(start)
        self._file.write(_header(name, end - begin))
        self._file.seek(0, os.SEEK_END)
        self._sums.append(f"{digest.hexdigest()}  {name}\n")

    @contextmanager
    def gzipped(self, name: str) -> Iterator[Write]:
        """A member that is compressed on its way."""
        packer = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP)
        with self.member(name) as write:
            yield lambda some: write(packer.compress(some))
            write(packer.flush())

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest and, last, the sums: an archive without them was cut short."""
        with self.member(MANIFEST) as write:
            write(encode(manifest))
        with self.member(SUMS) as write:
            write("".join(self._sums).encode())
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, _PRIVATE, int(time.time())
    return member.tobuf(tarfile.GNU_FORMAT)
