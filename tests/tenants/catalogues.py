"""What Postgres knows of a schema, and how much of everybody's was read to learn it."""

from typing import Any

from django.db import connection

from tenants.db import as_owner, in_organisation
from tenants.models import Organisation

_CATALOGUE = """
select 'column', relation.relname, attribute.attname, format_type(attribute.atttypid, attribute.atttypmod),
       attribute.attnotnull, attribute.attidentity, pg_get_expr(value.adbin, value.adrelid)
from pg_attribute attribute join pg_class relation on relation.oid = attribute.attrelid
left join pg_attrdef value on value.adrelid = relation.oid and value.adnum = attribute.attnum
where relation.relnamespace = %(schema)s::regnamespace and relation.relkind in ('r', 'S') and attribute.attnum > 0
  and not attribute.attisdropped
union all
select 'index', tablename, indexname, replace(indexdef, %(schema)s, ''), null, null, null from pg_indexes
where schemaname = %(schema)s
union all
select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), null, null, null
from pg_constraint where connamespace = %(schema)s::regnamespace and contype <> 'n'
order by 1, 2, 3
"""


def catalogue(organisation: Organisation) -> list[Any]:
    with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute(_CATALOGUE, {"schema": organisation.schema_name})
        return cursor.fetchall()


def catalogues_read_to_their_end() -> int:
    """How often this connection's transaction read a whole catalogue that holds every organisation's relations."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select sum(pg_stat_get_xact_numscans(name::regclass)) from unnest(%s::text[]) name",
            [["pg_class", "pg_attribute", "pg_constraint", "pg_index"]],
        )
        return cursor.fetchone()[0]
