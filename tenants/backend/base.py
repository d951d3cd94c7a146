"""The database backend: every connection that enters an organisation takes its role together with its search_path, and
with how long a statement may take there.

django-tenants sends a `SET search_path` before each query. Here all of it is set together, outside of any
transaction, and is not repeated while the same organisation stays entered. A value set outside a transaction can
not be undone by a rollback, not even by a raw `ROLLBACK TO` (django-tenants 1262); where a tenant is switched inside
a transaction nothing is remembered and every cursor sets it again. Entering fails closed: the role of an
organisation can read nothing outside its schema, and `public` has none of an organisation's tables.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from time import monotonic
from typing import Any

import psycopg
from django.db.backends.utils import debug_transaction
from django_tenants.postgresql_backend import base
from psycopg import sql
from psycopg.adapt import Transformer
from psycopg.generators import execute
from psycopg.pq import Escaping, ExecStatus, TransactionStatus

from tenants.backend import liveness, prepared
from tenants.backend.introspection import DatabaseIntrospection
from tenants.backend.prepared import Statement

type Call = tuple[Statement, tuple[object, ...]]  # arguments as `str` writes them
type Rows = list[tuple[Any, ...]]

# search_path, role, and after how many milliseconds a statement is given up
type Entered = tuple[str, str, str]

# In a transaction of several organisations none waits for long for what others of one of them do.
_A_MOMENT = b"set local lock_timeout to 20"
SEEN_ALIVE = 0.02  # seconds for which a connection in use is believed to live
_MOST_PATHS = 10_000
_paths: dict[tuple[str, bool], str] = {}  # by schema, and whether `public` is in it


@lru_cache(10_000)
def _entering(path: str, role: str) -> bytes:
    own = sql.SQL("none") if role == "none" else sql.Identifier(role)
    return sql.SQL("set search_path to {}; set role {}").format(sql.SQL(path), own).as_bytes(None)


def _enter(place: "Entered", before: "Entered | None") -> list[bytes]:
    """What enters `place` on a connection that stands at `before`, if that is known."""
    path, role, timeout = place
    enter = [_entering(path, role)]
    if before is None or before[2] != timeout:
        enter.append(b"set statement_timeout to " + timeout.encode())
    return enter


def _run(pgconn: psycopg.pq.abc.PGconn, statements: Sequence[bytes]) -> psycopg.pq.abc.PGresult:
    """Run these in one round trip, without psycopg's BEGIN before them; the last one's result. Raises as psycopg does.

    Other threads run meanwhile.
    """
    result = pgconn.exec_(b"; ".join(statements))
    if pgconn.status == psycopg.pq.ConnStatus.BAD:
        raise psycopg.OperationalError(pgconn.get_error_message())
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise psycopg.errors.error_from_result(result)
    return result


def _run_each(
    connection: "psycopg.Connection[Any]", statements: Sequence[bytes]
) -> list[psycopg.pq.abc.PGresult]:
    """As `_run`; the results of all that return rows."""
    connection.pgconn.send_query(b"; ".join(statements))
    results = connection.wait(execute(connection.pgconn))
    for result in results:
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise psycopg.errors.error_from_result(result)
    return [result for result in results if result.status == ExecStatus.TUPLES_OK]


def _rows(transformer: Any, result: psycopg.pq.abc.PGresult) -> Rows:
    transformer.set_pgresult(result)
    rows: Rows = transformer.load_rows(0, result.ntuples, tuple)
    return rows


class DatabaseWrapper(base.DatabaseWrapper):
    """Adds to django-tenants' wrapper the role, `as_owner` for migrations, which need to own the tables, and
    `statement_seconds`, which web requests have (tenants.middleware), and neither jobs nor commands."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.as_owner = False
        self.statement_seconds = 0.0  # after which Postgres gives a statement up; 0: never
        self._seen_alive = 0.0  # when the connection was, by monotonic()
        self._entered: Entered | None = None  # what was set outside a transaction and so surely holds
        self._later: list[tuple[Entered, Call]] = []
        super().__init__(*args, **kwargs)
        self.introspection = DatabaseIntrospection(self)

    def connect(self) -> None:
        self._entered = None
        self._seen_alive = 0.0
        super().connect()

    def set_schema_to_public(self) -> None:
        """Stand in `public`. Each request makes sure of it three times, and most times there is nothing to change."""
        stands = self.schema_name == "public" and self.include_public_schema
        if not (stands and isinstance(self.tenant, base.FakeTenant)):
            super().set_schema_to_public()

    def is_spotless(self, *, rested: bool = False) -> bool:
        """Whether another request may have this connection as it is: alive, outside of transactions, without errors. One that
        has `rested` is looked at in any case."""
        return not (
            self.in_atomic_block
            or self.errors_occurred
            or not self.autocommit
            or self.connection.info.transaction_status != TransactionStatus.IDLE
            or self._has_ended(rested)
        )

    def _has_ended(self, rested: bool) -> bool:
        """Whether Postgres has ended the connection. Between requests that follow each other without a rest a look holds for
        a moment, because each one hands the interpreter to another thread: who comes then fails as they do who were under way
        when it ended."""
        now = monotonic()
        if not rested and now - self._seen_alive < SEEN_ALIVE:
            return False
        self._seen_alive = now
        return liveness.ended(self.connection)

    def is_given_up(self) -> bool:
        """Whether the transaction that is under way can only be rolled back, though nobody may raise."""
        return self.needs_rollback or self.connection.info.transaction_status == TransactionStatus.INERROR

    def get_new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        """One of the pool that lives. Raises OperationalError where the pool has none within its `timeout`."""
        if self.pool:
            # The pool hands out the one that rested longest. The one given back last is warm: its process has its
            # plans and tables in the core's caches: Postgres needs a seventh less for a post.
            self.pool._pool.rotate(1)
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
        self._later.clear()
        if self.connection is not None and self.connection.info.transaction_status != TransactionStatus.IDLE:
            self._undone()  # by the pool, which keeps the connection
        super()._close()

    def forget(self) -> None:
        """Something else has set path or role on this connection: enter again with the next statement."""
        self._entered = None

    def run(self, *calls: Call) -> list[tuple[Any, ...]]:
        """Execute prepared statements with these arguments in one round trip; returns the rows of the last one.

        What enters the organisation and begins the transaction travels in front of them. Each sees what was committed
        while the one before it waited for a lock. Raises as a cursor does.
        """
        self.validate_no_broken_transaction()
        self.ensure_connection()
        with self.wrap_database_errors:
            result = self._send(calls)
            return _rows(Transformer(self.connection), result)

    def run_each(self, asked: Sequence[tuple[Entered, Sequence[Call]]]) -> list[list[Rows]]:
        """Execute what several organisations ask, each at its `place`, in one round trip and one transaction. For each
        of them the rows of each call.

        Somebody else's lock is waited for a moment only, and then raises OperationalError. Raises as a cursor does.
        """
        self.validate_no_broken_transaction()
        self.ensure_connection()
        if self._later:
            self._send(())
        known, escaping = prepared.on(self.connection), Escaping(self.connection.pgconn)
        idle = self.connection.info.transaction_status == TransactionStatus.IDLE
        statements = [b"begin", _A_MOMENT] if idle else [_A_MOMENT]
        before, self._entered = self._entered, None
        try:
            for place, calls in asked:
                statements += _enter(place, before)
                before = place
                for statement, arguments in calls:
                    statements += known.executing(escaping, place[0], statement, arguments)
            with self.wrap_database_errors, self._noted(statements):
                found = _run_each(self.connection, statements)
        except Exception:
            known.forget()
            raise
        if len(found) != sum(len(calls) for _, calls in asked):
            raise ValueError("each call answers with rows, be they none: whose these are could not be told")
        results, transformer = iter(found), Transformer(self.connection)
        return [[_rows(transformer, next(results)) for _ in calls] for _, calls in asked]

    @property
    def place(self) -> Entered:
        """Where the organisation that is entered stands, for `run_each`."""
        return self._wanted()

    def run_later(self, call: Call) -> None:
        """Execute a prepared statement whose result nobody needs together with the next statement or the COMMIT.

        That is where its errors are raised. Inside a transaction that has begun.
        """
        self.validate_no_broken_transaction()
        if self.connection.info.transaction_status != TransactionStatus.INTRANS:
            self.run(call)
            return
        self._later.append((self._wanted(), call))

    def _commit(self) -> None:
        if not self._later:
            super()._commit()
            return
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
            self._send((), b"commit")

    def _rollback(self) -> None:
        self._later.clear()
        super()._rollback()
        self._undone()

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        self._undone()

    def _undone(self) -> None:
        if self.connection is not None:
            prepared.on(self.connection).rolled_back()

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Called for each new cursor: what it executes must find everything before it done."""
        if self.connection is None or self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # only a rollback can follow, and it needs no path
        with self.wrap_database_errors:
            if self._later or self._entered != self._wanted():
                self._send(())

    def _send(self, calls: Sequence[Call], *after: bytes) -> psycopg.pq.abc.PGresult:
        """What is still to be done, then entering the organisation, then `calls`, then `after`: one round trip."""
        connection, wanted = self.connection, self._wanted()
        known = prepared.on(connection)
        escaping = Escaping(connection.pgconn)
        later, self._later = self._later, []
        statements: list[bytes] = []
        standing = self._entered  # None: a savepoint's rollback may have set it back
        try:
            for place, (statement, arguments) in later:
                if place != standing:
                    statements += _enter(place, standing)
                    standing = place
                statements += known.executing(escaping, place[0], statement, arguments)
            # What was set within a transaction holds once that is committed.
            front, holds = ([], standing) if after else self._in_front(wanted, standing)
            statements += front
            for statement, arguments in calls:
                statements += known.executing(escaping, wanted[0], statement, arguments)
            self._entered = None  # until it is done
            with self._noted(statements):
                result = _run(connection.pgconn, [*statements, *after])
        except Exception:
            known.forget()
            raise
        self._entered = holds
        return result

    def _in_front(self, wanted: Entered, standing: Entered | None) -> tuple[list[bytes], Entered | None]:
        """What enters from where it is `standing` by then and begins, and where that holds for longer than the transaction."""
        status = self.connection.info.transaction_status
        idle = status == TransactionStatus.IDLE
        begin = [b"begin"] if idle and not self.connection.autocommit else []
        if standing == self._entered == wanted:
            return begin, wanted
        enter = _enter(wanted, standing)
        # In a transaction of its own, which is committed, so that no rollback undoes it.
        return ([b"begin", *enter, b"commit", *begin], wanted) if idle else (enter, None)

    @contextmanager
    def _noted(self, statements: Sequence[bytes]) -> Iterator[None]:
        """For Django's log of queries, as a cursor does."""
        if not self.queries_logged:
            yield
            return
        began = monotonic()
        try:
            yield
        finally:
            executed = [one.decode() for one in statements if one.startswith(b"execute")]
            if executed:
                self.queries_log.append({"sql": "; ".join(executed), "time": f"{monotonic() - began:.3f}"})

    def _wanted(self) -> Entered:
        outside = self.as_owner or self.schema_name == "public"
        timeout = f"{self.statement_seconds * 1000:.0f}"
        return self._path(), "none" if outside else self.schema_name, timeout

    def _path(self) -> str:
        known = self.schema_name, self.include_public_schema
        if (path := _paths.get(known)) is None:
            # pg_temp last: it would be searched first, and a temporary table of one organisation would then stand in
            # front of another's on the same pooled connection.
            path = ",".join(f'"{schema}"' for schema in (*self._get_cursor_search_paths(), "pg_temp"))
            if len(_paths) >= _MOST_PATHS:
                _paths.clear()
            _paths[known] = path
        return path
