"""An organisation's files, through Django's storage: everything under the prefix that is its schema's name.

Names of files are random and never used again, so files of a restored organisation can lie beside those of the one
that it replaces until the swap is committed.
"""

from collections.abc import Collection, Iterable, Iterator

from django.apps import apps
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import FileField
from psycopg import sql

from tenants.archives.manifest import StoredFile
from tenants.archives.pace import Pace
from tenants.archives.reading import CHUNK, ArchiveReader, sha256
from tenants.archives.writing import ArchiveWriter
from tenants.connection import connection

_MOVE = "update {table} set {column} = {new} || substr({column}, {length}) where starts_with({column}, {old})"


def names(prefix: str) -> Iterator[str]:
    """The names below `prefix`, without it."""
    folders, found = listed(prefix)
    yield from found
    for folder in folders:
        yield from (f"{folder}/{name}" for name in names(f"{prefix}/{folder}"))


def pack(prefix: str, writer: ArchiveWriter, pace: Pace) -> Iterator[StoredFile]:
    """Write every file to the archive. One that goes away meanwhile was replaced by its person: it is left out."""
    for name in sorted(names(prefix)):
        try:
            file = default_storage.open(f"{prefix}/{name}")
        except FileNotFoundError:
            continue
        size = 0
        with file, writer.member(f"files/{name}") as write:
            for some in file.chunks(CHUNK):
                with pace.step():
                    write(some)
                size += len(some)
        yield StoredFile(name=name, bytes=size)


def missing(prefix: str, archive: ArchiveReader) -> set[str]:
    """The names of the archive's files of which there is none."""
    names = {file.name for file in archive.manifest.files}
    return {name for name in names if not default_storage.exists(f"{prefix}/{name}")}


def put(prefix: str, archive: ArchiveReader, wanted: Collection[str], pace: Pace) -> None:
    """Store those files of the archive that are `wanted`, of whose names there is none."""
    for file in archive.manifest.files:
        if file.name in wanted:
            with pace.step():
                _put(prefix, file, archive)


def surplus(prefix: str, archive: ArchiveReader) -> list[str]:
    """The names of the files that are not among the archive's."""
    wanted = {file.name for file in archive.manifest.files}
    return [name for name in names(prefix) if name not in wanted]


def settle(prefix: str, archive: ArchiveReader, going: Iterable[str]) -> None:
    """Make the files those of the archive: those `going` go, what differs is replaced. What came since stays."""
    remove(prefix, going)
    for file in archive.manifest.files:
        if not _same(prefix, file, archive):
            default_storage.delete(f"{prefix}/{file.name}")
            _put(prefix, file, archive)


def named(prefix: str, wanted: Iterable[str]) -> set[str]:
    """Those of the `wanted` names that a row of the entered schema has."""
    paths = [f"{prefix}/{name}" for name in wanted]
    found: set[str] = set()
    with connection.cursor() as cursor:
        for table, column in _file_columns():
            statement = sql.SQL("select {column} from {table} where {column} = any(%s)")
            cursor.execute(
                statement.format(table=sql.Identifier(table), column=sql.Identifier(column)), [paths]
            )
            found.update(path.removeprefix(f"{prefix}/") for (path,) in cursor.fetchall())
    return found


def remove_all(prefix: str) -> None:
    """Delete every file below `prefix`, and its folders where the storage has such."""
    if delete_below := getattr(
        default_storage, "delete_below", None
    ):  # tenants.s3, which only S3 needs to import
        delete_below(prefix)
        return
    folders, found = listed(prefix)
    remove(prefix, found)
    for folder in folders:
        remove_all(f"{prefix}/{folder}")
    if default_storage.exists(prefix):
        default_storage.delete(prefix)


def remove(prefix: str, found: Iterable[str]) -> None:
    for name in found:
        default_storage.delete(f"{prefix}/{name}")


def move_rows(before: str, after: str) -> None:
    """Let the rows of the entered schema name their files under another prefix."""
    with connection.cursor() as cursor:
        for table, column in _file_columns():
            statement = sql.SQL(_MOVE).format(
                table=sql.Identifier(table),
                column=sql.Identifier(column),
                new=sql.Literal(f"{after}/"),
                old=sql.Literal(f"{before}/"),
                length=sql.Literal(len(before) + 2),
            )
            cursor.execute(statement)


def _file_columns() -> Iterator[tuple[str, str]]:
    for config in apps.get_app_configs():
        if config.name in settings.TENANT_APPS:
            for model in config.get_models(include_auto_created=True):
                for field in model._meta.local_concrete_fields:
                    if isinstance(field, FileField):
                        yield model._meta.db_table, str(field.column)


def listed(prefix: str) -> tuple[list[str], list[str]]:
    """The names of the folders and of the files right below `prefix`."""
    try:
        return default_storage.listdir(prefix)
    except FileNotFoundError:
        return [], []


def _put(prefix: str, file: StoredFile, archive: ArchiveReader) -> None:
    name = f"{prefix}/{file.name}"
    with archive.file(file) as content:
        stored = default_storage.save(name, File(content, name))
    if stored != name:  # somebody was faster, or the storage does not take this name
        default_storage.delete(stored)
        raise OSError(f"The storage would not keep {name!r} under its name.")


def _same(prefix: str, file: StoredFile, archive: ArchiveReader) -> bool:
    name = f"{prefix}/{file.name}"
    if not default_storage.exists(name) or default_storage.size(name) != file.bytes:
        return False
    with default_storage.open(name) as stored, archive.file(file) as content:
        return sha256(stored) == sha256(content)
