"""A restore that dies midway leaves the old organisation as it was, and nothing that the next run does not remove."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.db import connection, transaction

from config.embedded import PROJECT
from tenants.archives import beside, erasing, exclusive, files
from tenants.db import in_organisation, leave
from tenants.models import Organisation
from tests.tenants.archives.belongings import Belongings, stored_files, traces_of
from tests.tenants.archives.conftest import Command, Full

# A process of its own that kills itself as soon as it comes to a certain function.
_KILLED = """
import importlib, os, signal, sys, django
django.setup()
from django.core.management import call_command
module, _, name = sys.argv[1].rpartition(".")
setattr(importlib.import_module(module), name, lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL))
from tenants import hosts
hosts.LASTS_SECONDS = 0.0
call_command(*sys.argv[2:])
"""


def _killed_at(where: str, *command: object) -> None:
    """Run a command that is killed (kill -9) where it calls `where`."""
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, where, *map(str, command)],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


@pytest.mark.parametrize(
    "where",
    [
        "tenants.archives.tables.count",  # rows of some tables are loaded
        "tenants.archives.tables.analyse",  # all of them
        "tenants.archives.beside.take_its_place",  # the organisation is suspended
        "tenants.archives.traces.forget_jobs",  # the old schema is dropped, but not committed
    ],
)
def test_a_killed_restore_has_changed_nothing(full: Full, archive: Path, run: Command, where: str) -> None:
    before = Belongings.of(full.organisation)
    _killed_at(where, "restore", archive, "--fast")
    after = Belongings.of(full.organisation)
    suspended = where in ("tenants.archives.beside.take_its_place", "tenants.archives.traces.forget_jobs")
    assert after.registry.pop("state") == ("suspended" if suspended else "active")
    assert before.registry.pop("state") == "active"
    assert after == before
    assert traces_of(full.organisation.schema_name)["schemas"] == 1
    run("restore", archive, "--fast")  # and its lock is nobody's
    assert Belongings.of(full.organisation).rows == before.rows


@pytest.mark.parametrize("where", ["tenants.archives.tables.analyse", "tenants.archives.litter.unmark"])
def test_the_next_run_removes_what_a_killed_clone_left(full: Full, run: Command, where: str) -> None:
    before = Belongings.of(full.organisation)
    schemas = _schemas()
    _killed_at(where, "clone", "initech", "initech-copy", "--fast")
    (marked,) = default_storage.listdir("restoring")[0]
    assert stored_files(marked)
    copies = Organisation.objects.filter(address="initech-copy")
    came_to_be = where.endswith("unmark")
    assert copies.exists() == came_to_be
    assert _schemas() == (schemas | {marked} if came_to_be else schemas)
    run("clone", "initech", "another-copy", "--fast")
    assert default_storage.listdir("restoring")[0] == []
    assert bool(stored_files(marked)) == came_to_be
    assert Belongings.of(full.organisation) == before


@pytest.mark.parametrize("where", ["tenants.archives.tables.analyse", "tenants.archives.files.settle"])
def test_the_next_run_ends_what_a_killed_restore_did_to_files(
    full: Full, archive: Path, run: Command, where: str
) -> None:
    """What it put goes, or where the swap is committed what else was there."""
    schema_name = full.organisation.schema_name
    archived = stored_files(schema_name)
    full.drop_a_picture()
    default_storage.save(f"{schema_name}/files/later.txt", ContentFile(b"after the backup"))
    before = stored_files(schema_name)
    _killed_at(where, "restore", archive, "--fast")
    assert stored_files(schema_name) == archived | before
    _tidied(run)
    assert stored_files(schema_name) == (archived if where.endswith("settle") else before)


def test_files_that_a_storage_had_lost_stay_when_a_killed_restore_brought_them(
    full: Full, archive: Path, run: Command
) -> None:
    before = Belongings.of(full.organisation)
    lost = min(before.stored)
    default_storage.delete(f"{full.organisation.schema_name}/{lost}")
    _killed_at("tenants.archives.tables.analyse", "restore", archive, "--fast")
    _tidied(run)
    assert Belongings.of(full.organisation) == before


def test_what_comes_right_after_the_swap_stays(
    full: Full, archive: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doors are open again before the last file is looked at."""
    schema_name, settle = full.organisation.schema_name, files.settle
    archived = stored_files(schema_name)

    def late(*arguments: Any) -> None:
        default_storage.save(f"{schema_name}/files/new.txt", ContentFile(b"uploaded since"))
        settle(*arguments)

    monkeypatch.setattr(files, "settle", late)
    run("restore", archive, "--fast")
    assert stored_files(schema_name).keys() == archived.keys() | {"files/new.txt"}


def test_a_cut_off_mark_holds_up_nobody(full: Full, run: Command) -> None:
    """It was about to be written, or an earlier release wrote an empty one."""
    before = Belongings.of(full.organisation)
    default_storage.save(f"restoring/{full.organisation.schema_name}/mark", ContentFile(b""))
    _tidied(run)
    assert Belongings.of(full.organisation) == before


def test_what_came_at_the_end_of_an_erasure_goes_with_the_next_command(
    full: Full, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema_name = full.organisation.schema_name
    sweep, swept = erasing._sweep, 0

    def die(organisation: Organisation, report: Any) -> None:
        nonlocal swept
        swept += 1
        if swept == 2:
            default_storage.save(f"{schema_name}/files/late.txt", ContentFile(b"from a request under way"))
            raise OSError("the storage is away")
        sweep(organisation, report)

    with monkeypatch.context() as planted:
        planted.setattr(erasing, "_sweep", die)
        with pytest.raises(CommandError, match="storage is away"):
            run("erase", "initech", "--confirm", "initech")
    assert list(stored_files(schema_name)) == ["files/late.txt"]
    with pytest.raises(CommandError, match="initech"):
        run("erase", "initech", "--confirm", "initech")
    assert not any(traces_of(schema_name).values())
    assert default_storage.listdir("restoring")[0] == []


def _tidied(run: Command) -> None:
    """A command that does nothing else than end what died."""
    with pytest.raises(CommandError, match="another address"):
        run("erase", "initech", "--confirm", "acme")
    assert default_storage.listdir("restoring")[0] == []


def test_a_failure_opens_the_doors_again(
    full: Full, archive: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Belongings.of(full.organisation)

    def fail(draft: Any) -> None:
        assert Organisation.objects.get(pk=full.organisation.pk).state == Organisation.State.SUSPENDED
        raise OSError("the disk is full")

    with monkeypatch.context() as planted:
        planted.setattr(beside, "take_its_place", fail)
        with pytest.raises(CommandError, match="the disk is full"):
            run("restore", archive, "--fast")
    assert Belongings.of(full.organisation) == before


def test_who_works_inside_is_waited_for_but_not_for_ever(
    full: Full, archive: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "_ATTEMPT_SECONDS", 0.05)
    before = Belongings.of(full.organisation)
    with _somebody_inside(full.organisation), pytest.raises(CommandError, match="Somebody works"):
        run("restore", archive, "--fast")
    assert Belongings.of(full.organisation) == before
    run("restore", archive, "--fast")


def test_two_restores_do_not_meet(full: Full, archive: Path, run: Command) -> None:
    before = Belongings.of(full.organisation)
    with _elsewhere_alone_with(full.organisation.schema_name):
        for command in (["restore", archive, "--fast"], ["erase", "initech", "--confirm", "initech"]):
            with pytest.raises(CommandError, match="right now"):
                run(*command)
    assert Belongings.of(full.organisation) == before


@contextmanager
def _on_another_connection(hold: Any) -> Iterator[None]:
    """`hold()` is a context manager that another thread is inside of for the length of the block."""
    inside, done = threading.Event(), threading.Event()

    def stay() -> None:
        try:
            with hold():
                inside.set()
                done.wait(60)
        finally:
            leave()

    thread = threading.Thread(target=stay)
    thread.start()
    assert inside.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def _somebody_inside(organisation: Organisation) -> Any:
    @contextmanager
    def hold() -> Iterator[None]:
        with in_organisation(organisation), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select count(*) from chat_message")
            yield

    return _on_another_connection(hold)


def _elsewhere_alone_with(schema_name: str) -> Any:
    return _on_another_connection(lambda: exclusive.alone_with(schema_name))


def _schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("select nspname from pg_namespace where nspname like 'org\\_%%'")
        return {name for (name,) in cursor.fetchall()}
