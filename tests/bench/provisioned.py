"""What the parts `signup` and `migrations` ask of the deployment, from outside: processes of the product, and SQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg

from config.embedded import PROJECT
from tests.bench.harness import Bench, Wrong

MAKERS = 2  # processes that make spare schemas side by side

# Tables, sequences and indexes of a schema; and whether its role may use it and owns nothing in it.
_RELATIONS = """
select namespace.nspname, count(relation.oid), has_schema_privilege(role.rolname, namespace.oid, 'usage'),
       bool_or(relation.relowner = role.oid)
from pg_namespace namespace join pg_roles role on role.rolname = namespace.nspname
join pg_class relation on relation.relnamespace = namespace.oid
where namespace.nspname like 'org\\_%' group by 1, 3
"""


def grow(bench: Bench, environment: Mapping[str, str], until: int) -> None:
    """Make spare schemas until there are `until` organisations: not measured, so on all cores at once."""
    missing = until - _organisations(bench)
    with _postgres_on_all_cores(bench), ThreadPoolExecutor(MAKERS) as makers:
        shares = [len(range(number, missing, MAKERS)) for number in range(MAKERS)]
        list(makers.map(lambda count: _verb(environment, "spares", count=count), shares))


@contextmanager
def _postgres_on_all_cores(bench: Bench) -> Iterator[None]:
    """Connections that are opened within run on any core."""
    pid = bench.servers.postgres_pid
    assert pid is not None
    before = os.sched_getaffinity(pid)
    os.sched_setaffinity(pid, os.sched_getaffinity(0))
    try:
        yield
    finally:
        os.sched_setaffinity(pid, before)


def _organisations(bench: Bench) -> int:
    with psycopg.connect(bench.servers.database_url) as connection:
        ((count,),) = connection.execute("select count(*) from tenants_organisation").fetchall()
    return count


def verb(bench: Bench, environment: Mapping[str, str], name: str, **arguments: object) -> Any:
    """What `tests.bench.organisations` answers, run on the core of the servers."""
    with bench.on_core(bench.server_core):
        return _verb(environment, name, **arguments)


def manage(bench: Bench, environment: Mapping[str, str], *arguments: str) -> str:
    """What a command of `manage.py` prints, run on the core of the servers."""
    with bench.on_core(bench.server_core):
        return _run(environment, [sys.executable, "manage.py", *arguments])


def _verb(environment: Mapping[str, str], name: str, **arguments: object) -> Any:
    command = [sys.executable, "-m", "tests.bench.organisations", name, json.dumps(arguments)]
    return json.loads(_run(environment, command).splitlines()[-1])


def _run(environment: Mapping[str, str], command: Sequence[str]) -> str:
    done = subprocess.run(
        command, cwd=PROJECT, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Wrong(f"{' '.join(command[1:4])} failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return done.stdout


def check_schemas(bench: Bench, least: int) -> None:
    """At least so many schemas, all with as many relations, each with a role that may use it and owns nothing."""
    with psycopg.connect(bench.servers.database_url) as connection:
        found = connection.execute(_RELATIONS).fetchall()
    counts = {count for _, count, _, _ in found}
    if len(found) < least or len(counts) != 1:
        raise Wrong(f"{len(found)} schemas of {least}, with {sorted(counts)} relations")
    if not all(may_use for _, _, may_use, _ in found) or any(owns for _, _, _, owns in found):
        raise Wrong("a role may not use its schema, or owns relations in it")
