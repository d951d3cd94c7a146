"""Everything that a deployment keeps of an organisation, to be compared before and after."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection

from tenants import valkey
from tenants.archives import files, tables
from tenants.db import as_owner, in_organisation
from tenants.models import Domain, Organisation

_ROWS = "select count(*), coalesce(md5(string_agg(line::text, chr(10) order by line::text)), '') from {} line"
_TRACES = """
select (select count(*) from pg_namespace where nspname like %(name)s),
       (select count(*) from pg_roles where rolname like %(name)s),
       (select count(*) from procrastinate_jobs where args::text like %(name)s),
       (select count(*) from tenants_organisation where schema_name like %(name)s)
"""


@dataclass
class Belongings:
    """`rows` are (number, digest) of each table, `stored` digests of the files."""

    registry: dict[str, Any]
    domains: list[tuple[str, bool]]
    rows: dict[str, tuple[int, str]]
    sequences: list[Any]
    stored: dict[str, str]

    @classmethod
    def of(cls, organisation: Organisation) -> "Belongings":
        now = Organisation.objects.values().get(schema_name=organisation.schema_name)
        domains = Domain.objects.filter(tenant_id=now["id"]).order_by("domain")
        with in_organisation(organisation), as_owner():
            rows = {name: _rows(name) for name in tables.columns()}
            sequences = tables.sequences()
        return cls(
            registry=now,
            domains=list(domains.values_list("domain", "is_primary")),
            rows=rows,
            sequences=sequences,
            stored=stored_files(organisation.schema_name),
        )


def _rows(table: str) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(table))
        return cursor.fetchone()


def stored_files(schema_name: str) -> dict[str, str]:
    found = {}
    for name in files.names(schema_name):
        with default_storage.open(f"{schema_name}/{name}") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def traces_of(schema_name: str) -> dict[str, int]:
    """How much of whatever carries the schema's name there is; all zeros after an erasure."""
    with connection.cursor() as cursor:
        cursor.execute(_TRACES, {"name": f"%{schema_name}%"})
        schemas, roles, jobs, registry = cursor.fetchone()
    return {
        "schemas": schemas,
        "roles": roles,
        "jobs": jobs,
        "registry": registry,
        "files": len(stored_files(schema_name)) + default_storage.exists(schema_name),
        "keys": len(valkey.client(10).keys(f"*{schema_name}*")),
    }
