"""Schemas and their roles: made, filled, and dropped. All of it runs as the deployment's own login.

A schema is migrated once by Django's executor while the SQL is recorded (the blueprint, kept in `public`); every
further schema replays that text in one round trip instead of rendering a hundred model states.
"""

import functools
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tenants.connection import connection
from tenants.db import as_owner, in_organisation
from tenants.models import Blueprint, Organisation

_MAKE = """
create role "{name}" nologin;
{membership};
create schema "{name}";
grant usage on schema "{name}" to "{name}";
alter default privileges in schema "{name}" grant select, insert, update, delete on tables to "{name}";
alter default privileges in schema "{name}" grant usage, select, update on sequences to "{name}";
"""
# Django's introspection reads the catalogue of all schemas: replayed with the rest it made each spare dearer than
# the one before (77 ms with 10 organisations, 345 ms with 600).
_CHANGES_NOTHING = re.compile(
    r"\s*(select|show|set\s+search_path|savepoint|release|rollback)\b", re.IGNORECASE
)
# What the owner granted in `public` (to the operators' organisation) only the owner can take back.
_DROP = """
drop schema if exists "{name}" cascade;
revoke all on all tables in schema public from "{name}";
revoke all on all sequences in schema public from "{name}";
set role "{name}";
drop owned by "{name}";
reset role;
drop role "{name}";
"""


def new_name() -> str:
    """A schema's name: random, never what a person typed, and the same length for all."""
    return f"org_{secrets.token_hex(8)}"


def make(organisation: Organisation) -> None:
    """Make the empty schema and its role. Rolls back with the caller's transaction."""
    name = organisation.schema_name
    membership = f'grant "{name}" to current_user'
    if connection.pg_version >= 160_000:  # there a role's maker may not take it unless told so
        membership += " with set true, inherit false"
    with connection.cursor() as cursor:
        cursor.execute(_MAKE.format(name=name, membership=membership))


def fill(organisation: Organisation, blueprint: Blueprint) -> None:
    """Make every relation of a new schema by replaying the blueprint, and note its version."""
    replay(organisation, blueprint.sql)
    organisation.schema_version = blueprint.version
    organisation.save(update_fields=["schema_version"])


def replay(organisation: Organisation, sql: str) -> None:
    with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)
        connection.forget()


def drop(organisation: Organisation) -> None:
    """Drop schema and role; nothing of them stays in the database."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", [organisation.schema_name])
        if cursor.fetchone():
            cursor.execute(_DROP.format(name=organisation.schema_name))
            connection.forget()


@functools.cache
def code_version() -> str:
    """What the migrations on disk would bring a schema to: a digest of their names. Read once, 7 ms."""
    labels = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
    loader = MigrationLoader(None)
    names = sorted(f"{app}.{name}" for app, name in loader.disk_migrations if app in labels)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]


def current_blueprint() -> Blueprint:
    """The blueprint of the migrations on disk; made, in a schema that is dropped again, when there is none."""
    version = code_version()
    found = Blueprint.objects.filter(version=version).first()
    return found or _record_blueprint(version)


def _record_blueprint(version: str) -> Blueprint:
    draft = Organisation(schema_name=new_name())
    with transaction.atomic():
        make(draft)
        sql = migrate(draft)
        drop(draft)
        return Blueprint.objects.get_or_create(version=version, defaults={"sql": sql})[0]


def migrate(organisation: Organisation) -> str:
    """Migrate one schema with Django's executor and return the SQL that it took."""
    with in_organisation(organisation), as_owner(), recording() as statements:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    return ";\n".join(statements)


def migrate_public() -> None:
    """Migrate the registry and the job queue."""
    connection.set_schema_to_public()
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def replayable(organisation: Organisation) -> bool:
    """Whether what this schema lacks is the same plain SQL for every schema: no Python, no unatomic step."""
    with in_organisation(organisation), as_owner():
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return all(
        migration.atomic and all(operation.reduces_to_sql for operation in migration.operations)
        for migration, _ in plan
    )


@contextmanager
def recording() -> Iterator[list[str]]:
    """Collect the statements that change something, with their parameters written in.

    No SELECT is collected: a migration that changes something by one (`select setval(...)`) says `do` instead.
    """
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not _CHANGES_NOTHING.match(sql):
            raw = context["cursor"].cursor
            rows = params if many else [params]
            statements.extend(raw.mogrify(sql, row) if row else sql.replace("%%", "%") for row in rows)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements
