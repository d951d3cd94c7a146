"""Migrating every organisation: in parallel, only what is behind, and one that fails stops nobody else.

Organisations at the same old version lack the same SQL. The first of them is migrated by Django's executor and
recorded, the others replay the text in one round trip and one transaction each; where a migration runs Python or is
not atomic, every one goes through the executor. A crash loses only what was under way: the next run finds the rest.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import structlog
from django.db import connection, transaction

from tenants import db, provisioning, schemas
from tenants.models import Organisation

log = structlog.get_logger(__name__)
_MIGRATING = 7_261_002


@dataclass
class Report:
    """How a run went; `broken` maps schema names to errors."""

    migrated: int = 0
    current: int = 0
    broken: dict[str, str] = field(default_factory=dict)


def migrate_all(*, threads: int = 2, spares: bool = True) -> Report:
    """Migrate `public`, then all organisations that are behind. A second run at the same time waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [_MIGRATING])
    try:
        schemas.migrate_public()
        blueprint = schemas.current_blueprint()
        report = _migrate_organisations(blueprint.version, threads)
        if spares:
            provisioning.keep_spares()
        return report
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [_MIGRATING])


def _migrate_organisations(version: str, threads: int) -> Report:
    claimed = Organisation.objects.exclude(state=Organisation.State.SPARE)
    behind = claimed.exclude(schema_version=version).order_by("schema_version", "id")
    report = Report(current=claimed.filter(schema_version=version).count())
    with ThreadPoolExecutor(threads) as pool:
        for _, same in groupby(behind, key=lambda organisation: organisation.schema_version):
            first, *others = same
            replayable = _attempt(report, first, schemas.replayable)
            sql = _attempt(report, first, lambda one: _by_executor(one, version))
            step = (
                partial(_by_replay, version=version, sql=sql)
                if replayable and sql is not None
                else partial(_by_executor, version=version)
            )
            list(pool.map(partial(_attempt, report, step=step, leave=True), others))
            report.migrated += len(others) + 1
    report.migrated -= len(report.broken)
    return report


def _attempt[T](
    report: Report, organisation: Organisation, step: Callable[[Organisation], T], leave: bool = False
) -> T | None:
    try:
        return step(organisation)
    except Exception as error:  # one broken organisation must not stop the rest, whatever it is
        log.exception("migration failed", organisation=organisation.schema_name)
        report.broken[organisation.schema_name] = f"{type(error).__name__}: {error}"
        return None
    finally:
        if leave:  # a pool thread gives its connection back
            db.leave()


def _by_executor(organisation: Organisation, version: str) -> str:
    sql = schemas.migrate(organisation)
    _note_version(organisation, version)
    return sql


def _by_replay(organisation: Organisation, version: str, sql: str) -> None:
    with transaction.atomic():
        schemas.replay(organisation, sql)
        _note_version(organisation, version)


def _note_version(organisation: Organisation, version: str) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(schema_version=version)
