"""The database backend: every connection that enters an organisation takes its role together with its search_path.

django-tenants sends a `SET search_path` before each query. Here one statement sets path and role, outside of any
transaction, and is not repeated while the same organisation stays entered. A value set outside a transaction can
not be undone by a rollback, not even by a raw `ROLLBACK TO` (django-tenants 1262); where a tenant is switched inside
a transaction nothing is remembered and every cursor sets it again. Entering fails closed: the role of an
organisation can read nothing outside its schema, and `public` has none of an organisation's tables.
"""

from functools import lru_cache
from typing import Any

import psycopg
from django_tenants.postgresql_backend import base
from psycopg import sql

from tenants.backend import liveness
from tenants.backend.introspection import DatabaseIntrospection

_ENTER = "select set_config('search_path', %s, false), set_config('role', %s, false)"


@lru_cache(10_000)
def _entering(path: str, role: str) -> bytes:
    """Enter in a transaction of its own, which is committed, so that no rollback undoes it; then begin."""
    enter = sql.SQL(_ENTER.replace("%s", "{}")).format(sql.Literal(path), sql.Literal(role))
    return sql.SQL("begin; {}; commit; begin").format(enter).as_bytes(None)


def _run(pgconn: psycopg.pq.abc.PGconn, statements: bytes) -> None:
    """Run several statements in one round trip, without psycopg's BEGIN before them. Raises as psycopg does."""
    result = pgconn.exec_(statements)
    if pgconn.status == psycopg.pq.ConnStatus.BAD:
        raise psycopg.OperationalError(pgconn.get_error_message())
    if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(result)


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

    def get_new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        """One of the pool that lives. Raises OperationalError where the pool has none within its `timeout`."""
        while liveness.ended(connection := super().get_new_connection(conn_params)):
            pool = connection._pool
            connection.close()
            pool.putconn(connection)  # which makes another in its place
        return connection

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
        super()._set_autocommit(autocommit)
        if not autocommit:  # Django's BEGIN
            self._begin()

    def _begin(self) -> None:
        """Enter the organisation before the transaction begins, and begin it: one round trip for both."""
        wanted = self._path_and_role()
        if self._entered == wanted or self.connection is None:
            return  # psycopg begins with the first statement
        try:
            with self.wrap_database_errors:
                _run(self.connection.pgconn, _entering(*wanted))
        except Exception:  # an organisation that is gone: the connection stays outside of any transaction
            if not self.connection.closed:
                self.connection.rollback()
                super()._set_autocommit(True)
            raise
        self._entered = wanted

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
