"""Migrating 1,000 organisations: with nothing to do, and with one column added to the table of messages.

What is timed is the whole command, `manage.py migrate_organisations`, as it is run when a deployment is brought up to
date: the start of Python, the registry, all organisations, and ten spare schemas made anew where the old ones are
outdated. Each round adds another column, by a real migration in a copy of chat's migrations on the disk.

The baseline is django-tenants' own `migrate_schemas` with its standard executor and its own database backend, on 10
more schemas of the same database, of which Parley's registry knows nothing. It is given per organisation, without the
start of Python; nobody should wait for all of them. Checked: every schema has the column and the row in django_migrations, the
registry has one version, and no organisation was passed over.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from config.embedded import PROJECT
from tests.bench.harness import Below, Bench, Figure, Wrong
from tests.bench.provisioned import check_schemas, grow, manage, verb
from tests.bench.systems import parley_environment

ORGANISATIONS = 1000
SAMPLE = 10
_MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("chat", "{before}")]
    operations = [migrations.AddField("message", "{column}", models.TextField(db_default=""))]
"""
_LACKING = """
select count(*) from pg_namespace where nspname like 'org\\_%%' and not exists (
    select from pg_class join pg_attribute on attrelid = pg_class.oid
    where relnamespace = pg_namespace.oid and relname = 'chat_message' and attname = %s)
"""


def measure(bench: Bench) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        columns = Columns(Path(folder))
        environment = parley_environment(bench) | {
            "DJANGO_SETTINGS_MODULE": "tests.bench.migrations_settings",
            "PYTHONPATH": folder,
            "PARLEY_SPARE_SCHEMAS": "10",
        }
        manage(bench, environment, "migrate_organisations")
        grow(bench, environment, ORGANISATIONS)
        verb(bench, environment, "claimed_all", prefix="many")
        sample = verb(bench, environment, "unregistered", count=SAMPLE)
        manage(bench, environment, "migrate_organisations")
        check_schemas(bench, ORGANISATIONS + SAMPLE)
        yield from _compared(bench, environment, sample, "nothing to do", 5, lambda number: None)
        yield from _compared(bench, environment, sample, "one added column", 60, columns.add)
        _check(bench, columns.names)


def _compared(
    bench: Bench,
    environment: dict[str, str],
    sample: list[str],
    work: str,
    seconds: float,
    prepare: Callable[[int], None],
) -> Iterator[Figure]:
    """`prepare(n)` is called before a system does its work for the n-th time."""
    done = {"textbook": 0, "parley": 0}

    def textbook() -> float:
        done["textbook"] += 1
        prepare(done["textbook"])
        theirs = environment | {"DJANGO_SETTINGS_MODULE": "tests.bench.django_tenants_settings"}
        return verb(bench, theirs, "migrated_by_django_tenants", schemas=sample) / SAMPLE

    def parley() -> float:
        done["parley"] += 1
        prepare(done["parley"])
        began = time.perf_counter()
        said = manage(bench, environment, "migrate_organisations")
        taken = time.perf_counter() - began
        wanted = (0, ORGANISATIONS) if work == "nothing to do" else (ORGANISATIONS, 0)
        if "{} organisations migrated, {} were".format(*wanted) not in said:
            raise Wrong(said)
        return taken

    found = bench.alternate({"textbook": textbook, "parley": parley})
    yield Figure.absolute(f"1,000 organisations, {work}", "s", found["parley"], Below(seconds))
    yield Figure.compare(
        f"… for each, against migrate_schemas on {SAMPLE}",
        "ms",
        [taken * 1000 / ORGANISATIONS for taken in found["parley"]],
        found["textbook"],
    )


class Columns:
    """A copy of chat's migrations that grows: the n-th one added puts the column `bench_n` onto messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bench_migrations"
        self.names: list[str] = []
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "chat" / "migrations", self.folder, ignore=ignored)

    def add(self, number: int) -> None:
        """Have the columns up to the n-th on the disk."""
        if number > len(self.names):
            before = max(path.stem for path in self.folder.glob("[0-9]*.py"))
            self.names.append(f"bench_{number}")
            text = _MIGRATION.format(before=before, column=self.names[-1])
            (self.folder / f"9{number:03}_{self.names[-1]}.py").write_text(text)


def _check(bench: Bench, columns: list[str]) -> None:
    with psycopg.connect(bench.servers.database_url, autocommit=True) as connection:
        for column in columns:
            ((lacking,),) = connection.execute(_LACKING, [column]).fetchall()
            if lacking:
                raise Wrong(f"{lacking} schemas lack the column {column}")
        names = connection.execute("select nspname from pg_namespace where nspname like 'org\\_%'").fetchall()
        for (name,) in names:
            applied = f"select count(*) from \"{name}\".django_migrations where name like '9___\\_bench\\_%'"
            if connection.execute(applied).fetchall() != [(len(columns),)]:
                raise Wrong(f"{name} does not know its migrations")
        versions = connection.execute("select distinct schema_version from tenants_organisation").fetchall()
        if len(versions) != 1:
            raise Wrong(f"the registry has {len(versions)} versions")
