"""Reading one schema's part of the catalogue without reading everybody's."""

from typing import Any

import django.db.backends.postgresql.base  # noqa: F401 - Django's introspection imports it, and it that
from django.db.backends.postgresql.introspection import TableInfo
from django_tenants.postgresql_backend.introspection import DatabaseSchemaIntrospection

# By the index of pg_depend: pg_class has none by schema. Django's own query reads every relation of the database and
# asks of each whether it is visible, 115 ms with 1,000 organisations, three times for each run of the executor.
_TABLES = """
select relation.relname,
       case when relation.relispartition then 'p' when relation.relkind in ('m', 'v') then 'v' else 't' end,
       obj_description(relation.oid, 'pg_class')
from pg_catalog.pg_depend dependency join pg_catalog.pg_class relation on relation.oid = dependency.objid
where dependency.classid = 'pg_catalog.pg_class'::regclass
  and dependency.refclassid = 'pg_catalog.pg_namespace'::regclass
  and dependency.refobjid = (select oid from pg_catalog.pg_namespace where nspname = %s)
  and relation.relkind in ('f', 'm', 'p', 'r', 'v')
"""


class DatabaseIntrospection(DatabaseSchemaIntrospection):
    """django-tenants' introspection, whose list of tables costs the same with one organisation and with a thousand."""

    def get_table_list(self, cursor: Any) -> list[TableInfo]:
        """Tables and views of the schema that the connection is in."""
        cursor.execute(_TABLES, [self.connection.schema_name])
        return [TableInfo(*row) for row in cursor.fetchall()]
