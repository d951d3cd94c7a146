"""Organisations are brought up to date: only those behind, whatever becomes of one of them or of the run."""

import os
import subprocess
import sys
import time

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from accounts.models import Person
from tenants import migrating, provisioning, schemas
from tenants.db import as_owner, in_organisation
from tenants.models import Blueprint, Organisation
from tests.tenants.catalogues import catalogue


def _set_back(organisation: Organisation) -> None:
    """Make the schema lack the last migration of notifications, which made its only table."""
    with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute("drop table notifications_notification")
        cursor.execute("delete from django_migrations where app = 'notifications'")
    Organisation.objects.filter(pk=organisation.pk).update(schema_version="before")


def _has_notifications(organisation: Organisation) -> bool:
    with in_organisation(organisation), connection.cursor() as cursor:
        cursor.execute("select to_regclass('notifications_notification') is not null")
        return cursor.fetchone()[0]


def test_only_what_is_behind_is_migrated_and_one_failure_stops_nobody(acme: Organisation) -> None:
    first, broken, last = (provisioning.claim(f"Late {number}", f"late-one-{number}") for number in "abc")
    for organisation in (first, broken, last):
        _set_back(organisation)
    with in_organisation(broken), as_owner(), connection.cursor() as cursor:
        cursor.execute("create table notifications_notification (in_the_way int)")
    report = migrating.migrate_all(spares=False)
    assert set(report.broken) == {broken.schema_name}
    assert report.migrated == 2
    assert _has_notifications(first) and _has_notifications(last)
    with in_organisation(last):  # as its own role: the new table is granted to it
        assert connection.introspection.table_names()
        Person.objects.create(email="a@b.example", name="A")
    with in_organisation(broken), as_owner(), connection.cursor() as cursor:
        cursor.execute("drop table notifications_notification")
    again = migrating.migrate_all(spares=False)
    assert (again.migrated, again.broken) == (1, {})
    assert _has_notifications(broken)
    assert catalogue(broken) == catalogue(acme)


def test_the_executor_runs_once_for_organisations_that_lack_the_same(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a new version's migrations turn out to lack nothing, as after squashing."""
    late = [provisioning.claim(f"Late {number}", f"late-three-{number}") for number in "abc"]
    for organisation in late:
        _set_back(organisation)
    migrated: list[Organisation] = []
    executor = schemas.migrate
    monkeypatch.setattr(schemas, "migrate", lambda one: migrated.append(one) or executor(one))
    for version in ("before", "squashed"):
        Organisation.objects.filter(pk__in=[one.pk for one in late]).update(schema_version=version)
        migrated.clear()
        report = migrating.migrate_all(spares=False)
        assert (report.migrated, report.broken, migrated) == (3, {}, late[:1])
        assert all(_has_notifications(organisation) for organisation in late)


def test_a_second_run_has_nothing_to_do(acme: Organisation) -> None:
    report = migrating.migrate_all(spares=False)
    assert (report.migrated, report.broken) == (0, {})
    assert Blueprint.objects.filter(version=schemas.code_version()).count() == 1


def test_a_run_that_was_killed_is_taken_up_by_the_next(acme: Organisation) -> None:
    done, held, waiting = (provisioning.claim(f"Late {number}", f"late-two-{number}") for number in "abc")
    for organisation in (done, held, waiting):
        _set_back(organisation)
    with in_organisation(held), as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("lock table django_migrations in access exclusive mode")
        run = subprocess.Popen(
            [sys.executable, "manage.py", "migrate_organisations", "--no-spares", "--threads=1"],
            cwd=settings.BASE_DIR,
        )
        try:
            _await_waiter(held)
        finally:
            run.kill()
            run.wait()
    versions = dict(Organisation.objects.values_list("pk", "schema_version"))
    assert versions[done.pk] == schemas.code_version()
    assert versions[held.pk] == versions[waiting.pk] == "before"
    report = migrating.migrate_all(spares=False)
    assert (report.migrated, report.broken) == (2, {})
    assert catalogue(done) == catalogue(held) == catalogue(waiting) == catalogue(acme)


def _await_waiter(organisation: Organisation) -> None:
    """Until somebody waits for a lock in this schema."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as watching:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = watching.execute(
                "select from pg_locks join pg_class on pg_class.oid = relation"
                " where not granted and relnamespace = %s::regnamespace",
                [organisation.schema_name],
            )
            if found.fetchone() is not None:
                return
    raise TimeoutError("nobody waits")
