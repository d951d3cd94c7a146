"""What an archive says of itself. Every name in it is checked when it is read: an archive may come from anybody."""

from datetime import datetime
from typing import Annotated

import msgspec

from tenants.archives.errors import Refused

PROGRAM, FORMAT = "parley", 1

type Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_][a-z0-9_]{0,62}\Z")]
type Count = Annotated[int, msgspec.Meta(ge=0)]


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation's row in the registry."""

    schema_name: Annotated[str, msgspec.Meta(pattern=r"\Aorg_[0-9a-f]{16}\Z")]
    name: Annotated[str, msgspec.Meta(max_length=80)]
    address: Annotated[str, msgspec.Meta(max_length=40)]
    accent: Annotated[str, msgspec.Meta(max_length=20)]
    created_at: datetime


class OwnDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain of the organisation's own, beside the address that every deployment gives it."""

    domain: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9.-]{1,253}\Z")]
    verified_at: datetime | None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table's rows as `COPY` writes them: their columns, their number, and their size in bytes before gzip."""

    name: Identifier
    columns: tuple[Identifier, ...]
    rows: Count
    bytes: Count

    @property
    def member(self) -> str:
        return f"tables/{self.name}.copy.gz"


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sequence stood."""

    name: Identifier
    last: int
    called: bool


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the storage; its name is without the organisation's prefix."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    bytes: Count

    @property
    def member(self) -> str:
        return f"files/{self.name}"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`migrations` are those applied to the schema, as "app.name"; `left_out` are tables without their rows."""

    program: str = PROGRAM
    format: int = FORMAT
    build: str
    schema_version: str
    made_at: datetime
    organisation: Registry
    domains: tuple[OwnDomain, ...]
    migrations: tuple[str, ...]
    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...]
    files: tuple[StoredFile, ...]
    left_out: tuple[Identifier, ...] = ()

    @property
    def members(self) -> list[str]:
        """The members of the archive that it speaks of."""
        return [table.member for table in self.tables] + [file.member for file in self.files]


class _Label(msgspec.Struct):
    program: str
    format: int


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def decode(text: bytes) -> Manifest:
    """The manifest of `text`. Raises Refused for another programme's, a newer format's, and a malformed one."""
    try:
        label = msgspec.json.decode(text, type=_Label)
        if label.program != PROGRAM:
            raise Refused("This is an archive of another programme.")
        if label.format > FORMAT:
            raise Refused(
                f"The archive has format {label.format}, and this Parley reads {FORMAT} at most: "
                "restore it with the version that made it, or a newer one."
            )
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise Refused(f"The archive's manifest can't be read ({error}): fetch the archive again.") from None
    _check_names(manifest)
    return manifest


def _check_names(manifest: Manifest) -> None:
    if len(set(manifest.members)) != len(manifest.members):
        raise Refused("The archive's manifest names something twice: it was not made by Parley.")
    for file in manifest.files:
        if not is_plain(file.name):
            raise Refused(f"The archive has a file with the name {file.name!r}: it was not made by Parley.")


def is_plain(name: str) -> bool:
    """Whether a file's name stays below the organisation's prefix, whatever reads it."""
    parts = name.split("/")
    return name.isprintable() and "\\" not in name and not any(part in ("", ".", "..") for part in parts)
