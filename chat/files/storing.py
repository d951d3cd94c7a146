"""An organisation's files in Django's storage, a folder of the server or S3: their names, and reading a part of one.

Names are random and never used again, and all begin with the schema's name: backup, restore, clone and erase go by
that (tenants.archives.files). A thumbnail is called after its file, so whoever deletes one knows the other.
"""

import secrets
from collections.abc import Iterable, Iterator

from django.core.files.base import File
from django.core.files.storage import default_storage

from tenants.db import current_organisation

CHUNK = 64 * 1024


def new_name() -> str:
    """A name for a file of the organisation that was entered."""
    return f"{current_organisation().schema_name}/files/{secrets.token_hex(16)}"


def thumbnail_name(name: str) -> str:
    return f"{name}.webp"


def delete(names: Iterable[str]) -> None:
    """Delete files and their thumbnails; those that are not there are no error."""
    for name in names:
        default_storage.delete(name)
        default_storage.delete(thumbnail_name(name))


def size(name: str) -> int:
    """Bytes of a file. Raises FileNotFoundError."""
    return default_storage.size(name)


def read(name: str, start: int, stop: int) -> Iterator[bytes]:
    """The bytes of a file from `start` up to `stop`, in pieces. Raises FileNotFoundError at once, not when read."""
    part = getattr(default_storage, "part", None)  # tenants.s3, which only S3 needs to import
    if part is not None and stop > start:
        return part(name, start, stop)
    return _read(default_storage.open(name), start, stop)


def _read(file: File, start: int, stop: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < stop and (some := file.read(min(CHUNK, stop - start))):
            start += len(some)
            yield some
