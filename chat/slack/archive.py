"""Opening the zip of an export without believing it. Reads from a file; no database, no network.

Nothing is ever unpacked to the disk: names only select what is read. What is declared is checked before anything is read,
and reading stops at the limits whatever was declared, so a bomb costs the time it takes to look at its directory.
"""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

MOST_FILES = 400_000
LARGEST_DIRECTORY = 64 * 1024**2  # bytes
LARGEST_JSON = 64 * 1024**2  # bytes of one unpacked file
MOST_VALUES = (
    2_000_000  # of one file: each of them is an object in memory, some forty times what it is in the file
)
LARGEST_WHOLE = 8 * 1024**3  # bytes of all JSON, unpacked
MOST_RATIO = 200  # of unpacked to packed; Slack's JSON is at about 15
_SMALL = 1024**2  # below it a ratio says nothing: a thousand blanks become twelve bytes
_PACKED_NESTED = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar")
_SYMLINK = 0o120000
_KIND = 0o170000
_MEMBER = b"PK\x01\x02"  # with which each member begins in the directory


class ExportRefused(ValueError):
    """The whole file is refused; `code` and `detail` are for the person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Unreadable(ValueError):
    """One file of the archive can't be read, or is too large (`too_large`)."""

    def __init__(self, detail: str, *, too_large: bool = False) -> None:
        super().__init__(detail)
        self.too_large = too_large


class Archive:
    """The JSON files of an export, by their names, with forward slashes and without a folder around all of them."""

    def __init__(self, file: IO[bytes]) -> None:
        """Raises ExportRefused for what is no zip, or one that no honest exporter makes."""
        try:
            self._zip = zipfile.ZipFile(_Watched(file))  # type: ignore[arg-type]
        except ExportRefused:
            raise
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError):
            raise _refused("no_zip") from None
        members = [member for member in self._zip.infolist() if not member.is_dir()]
        for member in members:
            _check(member)
        json = [member for member in members if member.filename.endswith(".json")]
        if sum(member.file_size for member in json) > LARGEST_WHOLE:
            raise _refused("bomb")
        top = _folder_around(json)
        self._members = {member.filename.removeprefix(top): member for member in json}
        self.nested = [one.filename for one in members if one.filename.lower().endswith(_PACKED_NESTED)]
        self.others = len(members) - len(json) - len(self.nested)

    def names(self) -> list[str]:
        """Sorted, so that an export is always read in the same order."""
        return sorted(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """A file, unpacked. Raises Unreadable, and KeyError for a name that is not there."""
        member = self._members[name]
        if member.file_size > LARGEST_JSON:
            raise Unreadable(name, too_large=True)
        try:
            with self._zip.open(member) as file:
                content = file.read(LARGEST_JSON + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
            raise Unreadable(name) from None
        if len(content) > LARGEST_JSON or sum(map(content.count, b",[{")) > MOST_VALUES:
            raise Unreadable(name, too_large=True)
        return content

    def close(self) -> None:
        self._zip.close()


class _Watched:
    """A file of which the directory is looked at before `zipfile` makes an object of each member: 100 MB of them would be
    more than a gigabyte in memory. What the file says of their number is not believed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > LARGEST_DIRECTORY:
            raise _refused("too_many_files")
        content = self._file.read(size)
        if content.count(_MEMBER) > MOST_FILES:
            raise _refused("too_many_files")
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _check(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if name.startswith("/") or "\\" in name or "\0" in name or ":" in name.partition("/")[0]:
        raise _refused("unsafe")
    if ".." in name.split("/") or (member.external_attr >> 16) & _KIND == _SYMLINK:
        raise _refused("unsafe")
    if member.flag_bits & 0x1:
        raise _refused("encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused("no_zip")
    if member.file_size > _SMALL and member.file_size > MOST_RATIO * max(1, member.compress_size):
        raise _refused("bomb")


def _folder_around(members: list[zipfile.ZipInfo]) -> str:
    """The folder in which all of it lies, where somebody packed an unpacked export again; else ""."""
    found = [one.filename for one in members if one.filename.rpartition("/")[2] == "users.json"]
    shortest = min(found, key=len, default="")
    return shortest.removesuffix("users.json")


def _refused(code: str) -> ExportRefused:
    return ExportRefused(code, dict(_words())[code])


def _words() -> Iterator[tuple[str, str]]:
    yield "no_zip", _("This is no zip file as Slack makes it.")
    yield "too_many_files", _("This archive has more files than any export. It is not opened.")
    yield "bomb", _("This archive would grow far too large when unpacked. It is not opened.")
    yield "unsafe", _("This archive has names that lead out of it. It is not opened.")
    yield "encrypted", _("This archive is protected by a password. Pack it without one.")
    yield "no_export", _("This zip is no Slack export: there is no users.json or no channels in it.")


def no_export() -> ExportRefused:
    """A zip of something else."""
    return _refused("no_export")
