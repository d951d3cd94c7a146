"""An import from beginning to end, in pieces that are committed one by one. Inside the organisation.

Each piece moves on how far its channel was read, in the transaction that writes its messages: whatever ends an import
(a crash, a deployment, somebody who cancels it), the next run goes on behind the last piece, and what stands there in the
end is the same. Two that run at once find out by that same row, and the later one stops.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from chat import sql
from chat.jobs import delete_files
from chat.models import Import, ImportedRoom
from chat.slack import places
from chat.slack.archive import Archive, ExportRefused
from chat.slack.checking import check
from chat.slack.names import Names
from chat.slack.people import People, matches, names_of
from chat.slack.problems import Problems
from chat.slack.reading import Export, open_export
from chat.slack.shapes import Channel
from chat.slack.stream import Step, Stream
from chat.slack.translating import Author, Item
from chat.slack.writing import Writer, draw_some, known_of
from tenants.jobs import enqueue

AT_ONCE = 250  # messages in a transaction
_TRIES = 3


class Stopped(Exception):
    """Somebody cancelled the import, or another process does it."""


@dataclass(frozen=True)
class _Run:
    """What a run holds in memory."""

    running: Import
    export: Export
    names: Names
    people: People
    now: int
    stop: Callable[[], bool]
    rest: Callable[[float], None]


def examine(file: IO[bytes], alive: Callable[[], None] = lambda: None) -> tuple[str, dict[str, Any]]:
    """The source and the report of an export, read as the import will read it; changes nothing.

    `alive` is called now and then. Raises ExportRefused, and what `alive` raises.
    """
    with _opened(file) as export:
        problems = Problems()
        matched = matches(export, problems)
        names = names_of(export, matched)
        return export.source, check(export, matched, names, _now(), problems, alive)


def prepare(running: Import, file: IO[bytes]) -> None:
    """Examine the export and keep the report with it: it is then ready, or refused."""
    try:
        source, report = examine(file, lambda: _still(running, Import.State.CHECKING))
    except ExportRefused as refused:
        _change(running, Import.State.CHECKING, state=Import.State.REFUSED, detail=refused.detail)
    except Stopped:
        pass
    else:
        total = report["counts"].get("messages", 0)
        _change(
            running,
            Import.State.CHECKING,
            state=Import.State.READY,
            source=source,
            report=report,
            total=total,
        )


def run(
    running: Import,
    file: IO[bytes],
    stop: Callable[[], bool] = lambda: False,
    rest: Callable[[float], None] = lambda seconds: None,
) -> bool:
    """Go on with an import whose state is running; whether it is over, one way or another.

    `stop` is asked after each piece, `rest` told how long it took. Not in a transaction.
    """
    try:
        with _opened(file) as export:
            matched = matches(export, Problems())
            people = People(export, matched)
            names = names_of(export, matched)
            work = _Run(running, export, names, people, _now(), stop, rest)
            return _rooms(work)
    except Stopped:
        return True
    except ExportRefused as refused:
        _change(running, Import.State.RUNNING, state=Import.State.REFUSED, detail=refused.detail)
        return True


def _rooms(work: _Run) -> bool:
    done = ImportedRoom.objects.filter(source=work.export.source, state=ImportedRoom.State.DONE)
    finished = set(done.values_list("channel", flat=True))
    for channel in work.export.channels:
        if channel.id not in finished and not _room(work, channel):
            return False
    with transaction.atomic():
        running = Import.objects.select_for_update().get(pk=work.running.pk)
        if running.state == Import.State.RUNNING:
            if running.file:
                enqueue(delete_files, names=[running.file.name])
            running.state, running.file, running.finished_at = Import.State.DONE, "", timezone.now()
            running.save(update_fields=["state", "file", "finished_at"])
    return True


def _room(work: _Run, channel: Channel) -> bool:
    """Bring one channel; whether it is complete."""
    members = _members(work, channel)
    founder = channel.creator if channel.creator in (channel.members or ()) else None
    known = places.begin(work.running, work.export, channel, work.people[founder] if founder else None)
    if known.state == ImportedRoom.State.DONE:
        return True
    stream = Stream(work.export, channel, work.names, work.now)
    writer = Writer(work.running, known.room_id, stream, work.people, members)
    written = known_of(known.room_id)
    pieces = _pieces(stream.steps(written, Problems(), known.day, known.item))
    for day, item, items in pieces:
        began = time.monotonic()
        with transaction.atomic():
            _move_on(work, known, day, item, len(items))
            if items:
                writer.write(items, written)
        known.day, known.item = day, item
        work.rest(time.monotonic() - began)
        if work.stop():
            return False
    with transaction.atomic():
        _move_on(work, known, known.day, known.item, 0)
        writer.pin(channel, written)
    return _draw(work, known) and _finish(known, channel, members)


def _members(work: _Run, channel: Channel) -> set[int]:
    keys = channel.members or []
    with transaction.atomic():
        work.people.make(Author(key) for key in keys)
    return {work.people[key] for key in keys}


def _pieces(steps: Iterator[Step]) -> Iterator[tuple[int, int, list[Item]]]:
    """Steps together, as many as make a transaction: with how far the channel is read after them."""
    items: list[Item] = []
    step = None
    for step in steps:
        items += step.items
        if len(items) >= AT_ONCE:
            yield step.day, step.item, items
            items, step = [], None
    if step is not None:
        yield step.day, step.item, items


def _move_on(work: _Run, known: ImportedRoom, day: int, item: int, count: int) -> None:
    """Count a piece, if nobody else did and nobody cancelled. Raises Stopped."""
    ours = ImportedRoom.objects.filter(
        pk=known.pk, day=known.day, item=known.item, state=ImportedRoom.State.FILLING
    )
    if not ours.update(day=day, item=item):
        raise Stopped
    running = Import.objects.filter(pk=work.running.pk, state=Import.State.RUNNING)
    if not running.update(done=F("done") + count):
        raise Stopped


def _draw(work: _Run, known: ImportedRoom) -> bool:
    after: int | None = 0
    while after is not None:
        began = time.monotonic()
        with transaction.atomic():
            after = draw_some(known.room_id, after)
        work.rest(time.monotonic() - began)
        if after is not None and work.stop():
            return False
    return True


def _finish(known: ImportedRoom, channel: Channel, members: set[int]) -> bool:
    for left in reversed(range(_TRIES)):
        try:
            places.finish(known, channel, members)
            break
        except IntegrityError:  # somebody made a room of that name just now
            if not left:
                raise
    return True


def _still(running: Import, state: str) -> None:
    if not Import.objects.filter(pk=running.pk, state=state).exists():
        raise Stopped


def _change(running: Import, before: str, **changed: object) -> None:
    """Change the import, unless it is in another state by now."""
    Import.objects.filter(pk=running.pk, state=before).update(**changed)


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Export]:
    archive = Archive(file)
    try:
        yield open_export(archive)
    finally:
        archive.close()


def _now() -> int:
    return int(sql.clock().timestamp() * 1_000_000)
