"""What the parts `signup` and `migrations` ask of the deployment, from outside: processes of the product, and SQL."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from config.embedded import PROJECT
from tests.bench.harness import Bench, Wrong

# Tables, sequences and indexes of a schema; and whether its role may use it and owns nothing in it.
_RELATIONS = """
select namespace.nspname, count(relation.oid), has_schema_privilege(role.rolname, namespace.oid, 'usage'),
       bool_or(relation.relowner = role.oid)
from pg_namespace namespace join pg_roles role on role.rolname = namespace.nspname
join pg_class relation on relation.relnamespace = namespace.oid
where namespace.nspname like 'org\\_%' group by 1, 3
"""


def verb(bench: Bench, environment: Mapping[str, str], name: str, **arguments: object) -> Any:
    """What `tests.bench.organisations` answers, run beside the servers."""
    command = [sys.executable, "-m", "tests.bench.organisations", name, json.dumps(arguments)]
    return json.loads(run(bench, environment, command).splitlines()[-1])


def manage(bench: Bench, environment: Mapping[str, str], *arguments: str) -> str:
    """What a command of `manage.py` prints."""
    return run(bench, environment, [sys.executable, "manage.py", *arguments])


def run(bench: Bench, environment: Mapping[str, str], command: Sequence[str]) -> str:
    """The output of a process that shares the core of the servers; Wrong where it fails."""
    with bench.on_core(bench.server_core):
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
