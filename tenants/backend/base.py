"""The database backend: every connection that enters an organisation takes its role together with its search_path.

django-tenants sends a `SET search_path` before each query. Here one statement sets path and role, outside of any
transaction, and is not repeated while the same organisation stays entered. A value set outside a transaction can
not be undone by a rollback, not even by a raw `ROLLBACK TO` (django-tenants 1262); where a tenant is switched inside
a transaction nothing is remembered and every cursor sets it again. Entering fails closed: the role of an
organisation can read nothing outside its schema, and `public` has none of an organisation's tables.
"""

from typing import Any

import psycopg
from django_tenants.postgresql_backend import base

from tenants.backend.introspection import DatabaseIntrospection

_ENTER = "select set_config('search_path', %s, false), set_config('role', %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    """Adds to django-tenants' wrapper the role, and `as_owner` for migrations, which need to own the tables."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.as_owner = False
        self._entered: tuple[str, str] | None = None  # what was set outside a transaction and so surely holds
        super().__init__(*args, **kwargs)
        self.introspection = DatabaseIntrospection(self)

    def connect(self) -> None:
        self._entered = None
        super().connect()

    def close(self) -> None:
        self._entered = None
        super().close()

    def _close(self) -> None:
        self._entered = None
        super()._close()

    def forget(self) -> None:
        """Something else has set path or role on this connection: enter again with the next statement."""
        self._entered = None

    def _set_autocommit(self, autocommit: bool) -> None:
        # Leaving autocommit is Django's BEGIN: enter the organisation before it.
        if not autocommit:
            self._enter()
        super()._set_autocommit(autocommit)

    def _handle_search_path(self, cursor: Any = None) -> None:
        self._enter()

    def _enter(self) -> None:
        wanted = self._path_and_role()
        if self._entered == wanted or self.connection is None:
            return
        status = self.connection.info.transaction_status
        if status == psycopg.pq.TransactionStatus.INERROR:
            return  # only a rollback can follow, and it needs no path
        with self.wrap_database_errors:
            self.connection.execute(_ENTER, wanted)
        settled = status == psycopg.pq.TransactionStatus.IDLE and self.connection.autocommit
        self._entered = wanted if settled else None

    def _path_and_role(self) -> tuple[str, str]:
        # pg_temp last: it would be searched first, and a temporary table of one organisation would then stand in
        # front of another's on the same pooled connection.
        path = ",".join(f'"{schema}"' for schema in (*self._get_cursor_search_paths(), "pg_temp"))
        outside = self.as_owner or self.schema_name == "public"
        return path, "none" if outside else self.schema_name
