"""A schema that is built beside an organisation's own and takes its place: all of it in one transaction.

Until that is committed nobody sees any of it, and whatever dies midway is rolled back by Postgres: there is no litter.
"""

import time
from dataclasses import dataclass

import psycopg
from django.db import DatabaseError, OperationalError, transaction
from psycopg import sql

from tenants import schemas
from tenants.archives import files, migrations, tables
from tenants.archives.errors import Refused
from tenants.archives.pace import Pace
from tenants.archives.reading import ArchiveReader
from tenants.connection import connection
from tenants.db import as_owner, in_organisation
from tenants.models import Organisation

_SCHEMA = """
create schema {draft};
grant usage on schema {draft} to {role};
alter default privileges in schema {draft} grant select, insert, update, delete on tables to {role};
alter default privileges in schema {draft} grant usage, select, update on sequences to {role};
"""
_ATTEMPTS, _ATTEMPT_SECONDS = 10, 1
_UNFIT = (psycopg.DataError, psycopg.IntegrityError)
_BUSY = "Somebody works in the organisation and does not end: stop its jobs, then restore again."


@dataclass(frozen=True)
class Draft:
    """The schema `<name>_new`, on its way to become the schema of `name` and its role."""

    name: str

    @property
    def organisation(self) -> Organisation:
        """What one enters to be inside; it is in no registry."""
        return Organisation(schema_name=f"{self.name}_new")


def build(draft: Draft, archive: ArchiveReader, pace: Pace) -> None:
    """Make the schema at the archive's migrations, load its rows, and migrate it on. In a transaction."""
    nodes = migrations.wanted(archive.manifest.migrations)
    current = migrations.is_current(nodes)
    _make(draft)
    if current:
        schemas.replay(draft.organisation, schemas.current_blueprint().sql)
    else:
        migrations.migrate_to(draft.organisation, nodes)
    with in_organisation(draft.organisation), as_owner():
        try:
            _load(archive, pace)
        except (psycopg.Error, DatabaseError) as error:
            if isinstance(error.__cause__ or error, _UNFIT):
                raise Refused(
                    f"The archive's rows do not fit together: it was changed, or is damaged. {error}"
                ) from error
            raise
    if not current:
        migrations.migrate_on(draft.organisation)
    with in_organisation(draft.organisation), as_owner():
        if draft.name != archive.manifest.organisation.schema_name:
            files.move_rows(archive.manifest.organisation.schema_name, draft.name)
        for name in tables.columns():
            with pace.step():
                tables.analyse(name)


def take_its_place(draft: Draft) -> None:
    """Drop the old schema, where there is one, and give its name to the new. In the same transaction.

    The lock on all old tables comes first and lets whoever is inside finish: a transaction that began in the old
    schema must not end in the new one. Raises Refused when somebody stays.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = to_regnamespace(%s) and relkind = 'r'",
            [draft.name],
        )
        old = [sql.Identifier(draft.name, name) for (name,) in cursor.fetchall()]
    if old:
        _lock(sql.SQL("lock table {} in access exclusive mode").format(sql.SQL(", ").join(old)))
    names = {"old": sql.Identifier(draft.name), "draft": sql.Identifier(draft.organisation.schema_name)}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("drop schema if exists {old} cascade").format(**names))
        cursor.execute(sql.SQL("alter schema {draft} rename to {old}").format(**names))


def _make(draft: Draft) -> None:
    names = {"role": sql.Identifier(draft.name), "draft": sql.Identifier(draft.organisation.schema_name)}
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", [draft.name])
        if cursor.fetchone() is None:
            schemas.make(Organisation(schema_name=draft.name))  # with an empty schema, which is replaced
        cursor.execute(sql.SQL(_SCHEMA).format(**names))


def _load(archive: ArchiveReader, pace: Pace) -> None:
    manifest = archive.manifest
    found = tables.columns()
    if found != {table.name: table.columns for table in manifest.tables}:
        raise Refused("The archive's tables are not those of its migrations: it was changed, or is damaged.")
    known = {one.name for one in tables.sequences()}
    if known != {one.name for one in manifest.sequences}:
        raise Refused(
            "The archive's sequences are not those of its migrations: it was changed, or is damaged."
        )
    tables.empty(found)
    with tables.bare(pace):
        for table in manifest.tables:
            tables.copy_in(table, archive.rows(table), pace)
            if tables.count(table.name) != table.rows:
                raise Refused(
                    f"{table.name} has another number of rows than the archive says: it is damaged."
                )
    tables.set_sequences(manifest.sequences)


def _lock(statement: sql.Composed) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"set local lock_timeout = '{_ATTEMPT_SECONDS}s'")
                cursor.execute(statement)
                return
        except OperationalError:  # the lock was not to be had in time, or it was a deadlock
            time.sleep(_ATTEMPT_SECONDS * (attempt > 0))
    raise Refused(_BUSY)
