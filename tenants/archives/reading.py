"""Reading an archive that may be damaged, newer, another programme's, or made to do harm."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from tenants.archives import manifest as manifests
from tenants.archives.errors import Refused
from tenants.archives.manifest import Manifest, StoredFile, Table
from tenants.archives.writing import MANIFEST, SUMS

CHUNK = 64 * 1024  # bytes; about a hundred messages, some milliseconds of Postgres
_LARGEST_INDEX = 64 * 1024 * 1024  # of the manifest and of the sums, which are read into memory
_DAMAGED = "{what}: the archive is damaged. Fetch it again, or take another one."


class ArchiveReader:
    """An open archive. `verify` must have passed before anything else of it is used."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._members = _members(tar)
        self.manifest = self._read_manifest()

    @classmethod
    @contextmanager
    def open(cls, file: BinaryIO) -> Iterator["ArchiveReader"]:
        """Raises Refused for what is no archive of ours or was cut short."""
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                yield cls(tar)
        except tarfile.TarError as error:
            raise Refused(_damaged(f"This is no whole tar file ({error})")) from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Refused(_damaged(f"A member can't be read ({error})")) from None

    def verify(self) -> None:
        """Read all of it: every sum, every size and every number of rows must be what the archive says."""
        sums = self._read_sums()
        expected = {*self.manifest.members, MANIFEST}
        if set(sums) != expected or set(self._members) != expected | {SUMS}:
            raise Refused(_damaged("Members are missing, or there are some that its manifest does not name"))
        for name, digest in sums.items():
            if self._digest(name) != digest:
                raise Refused(_damaged(f"{name} has another checksum"))
        for file in self.manifest.files:
            if self._members[file.member].size != file.bytes:
                raise Refused(_damaged(f"{file.name} has another size"))
        for table in self.manifest.tables:
            if sum(rows.count(b"\n") for rows in self.rows(table)) != table.rows:
                raise Refused(_damaged(f"{table.name} has another number of rows"))

    def rows(self, table: Table) -> Iterator[bytes]:
        """The table's rows as COPY takes them, in pieces that end with a row."""
        left, rest = table.bytes, b""
        with self._open(table.member) as packed, gzip.GzipFile(fileobj=packed) as unpacked:
            while some := unpacked.read(CHUNK):
                left -= len(some)
                if left < 0:
                    break  # it could go on for ever
                head, newline, tail = some.rpartition(b"\n")
                if newline:
                    yield rest + head + newline
                    rest = tail
                else:
                    rest += some
        if left or rest:
            raise Refused(_damaged(f"{table.name} has another size"))

    @contextmanager
    def file(self, file: StoredFile) -> Iterator[IO[bytes]]:
        with self._open(file.member) as content:
            yield content

    def _read_manifest(self) -> Manifest:
        if MANIFEST not in self._members:
            raise Refused("This tar file has no manifest: it is no archive of Parley's, or was cut short.")
        return manifests.decode(self._read_whole(MANIFEST))

    def _read_sums(self) -> dict[str, str]:
        if SUMS not in self._members:
            raise Refused(_damaged("The archive ends before its checksums"))
        lines = self._read_whole(SUMS).decode(errors="replace").splitlines()
        return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}

    def _digest(self, name: str) -> str:
        with self._open(name) as content:
            return sha256(content)

    def _read_whole(self, name: str) -> bytes:
        if self._members[name].size > _LARGEST_INDEX:
            raise Refused(f"{name} is too large: this archive was not made by Parley.")
        with self._open(name) as content:
            return content.read()

    def _open(self, name: str) -> IO[bytes]:
        content = self._tar.extractfile(self._members[name])
        if content is None:
            raise Refused(_damaged(f"{name} is no file"))
        return content


def sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while some := content.read(CHUNK):
        digest.update(some)
    return digest.hexdigest()


def _members(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    found: dict[str, tarfile.TarInfo] = {}
    for member in tar:
        plain = member.type == tarfile.REGTYPE and not member.issparse() and manifests.is_plain(member.name)
        if not plain or member.name in found:
            raise Refused(
                f"The archive has a member {member.name!r}, which Parley does not write: it is foreign."
            )
        found[member.name] = member
    return found


def _damaged(what: str) -> str:
    return _DAMAGED.format(what=what)
