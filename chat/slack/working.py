"""What the worker does of imports: in slices, one import of the whole deployment at a time, with rests between pieces,
so that mail and notifications wait seconds at most however long an import takes.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from chat.models import Import, ImportedFile, ImportedRoom
from chat.slack import places, running

SLICE = 20.0  # seconds
_REST = 0.02  # seconds, after each piece
_LOCK = 7_261_011  # advisory locks of ours


class Busy(Exception):
    """Another import is being worked on: try again later."""


def check(import_id: int) -> None:
    """Examine an uploaded export. Raises Busy."""
    found = Import.objects.filter(pk=import_id, state=Import.State.CHECKING).exclude(file="").first()
    if found is not None:
        with _alone(), default_storage.open(found.file.name or "") as file:
            running.prepare(found, file)


def go_on(import_id: int) -> bool:
    """Import for one slice; whether there is nothing left to do. Raises Busy."""
    found = Import.objects.filter(pk=import_id, state=Import.State.RUNNING).exclude(file="").first()
    if found is None:
        return True
    until = time.monotonic() + SLICE
    with _alone(), default_storage.open(found.file.name or "") as file:
        return running.run(found, file, lambda: time.monotonic() > until, lambda seconds: time.sleep(_REST))


def discard(import_id: int) -> None:
    """Delete the rooms that an import has begun and nobody has seen."""
    for known in ImportedRoom.objects.filter(imported_by_id=import_id, state=ImportedRoom.State.FILLING):
        places.throw_away(known)


def to_check() -> list[int]:
    """The uploaded exports (ids) that are not yet examined. One query."""
    return list(_lying().filter(state=Import.State.CHECKING).values_list("pk", flat=True))


def to_go_on() -> list[int]:
    """The imports (ids) that somebody has begun and that are not over. One query; not those that a command works on."""
    return list(_lying().filter(state=Import.State.RUNNING).values_list("pk", flat=True))


def with_files() -> list[int]:
    """The imports (ids) that are over, and of whose files some may still be fetched. One query."""
    over = Import.objects.filter(state__in=(Import.State.DONE, Import.State.DISCARDED))
    return list(
        over.filter(Exists(ImportedFile.objects.filter(imported_by=OuterRef("pk")))).values_list(
            "pk", flat=True
        )
    )


def _lying() -> QuerySet[Import]:
    return Import.objects.exclude(file="")


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK])
        if cursor.fetchone() != (True,):
            raise Busy
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])
