"""Statements that each connection prepares once, for what every page asks.

Django sends the whole text with its values, and Postgres parses and plans it each time: for what stands beside a page
that took longer than the answer. A prepared statement is planned once for a connection, and anew by Postgres itself
where another organisation has been entered. Whether it may run is asked each time, of the role entered then.
"""

from collections.abc import Iterable
from itertools import count
from typing import Any
from weakref import WeakSet

from django.db import NotSupportedError

from tenants.connection import connection

_numbers = count(1)


class Prepared:
    """`Prepared("member", "select … where id = %(person)s", person="bigint")`: parameters with their types.

    The name is for whoever reads Postgres' logs.
    """

    def __init__(self, name: str, statement: str, **types: str) -> None:
        self._name = f"parley_{name}_{next(_numbers)}"
        numbered = statement % {parameter: f"${number}" for number, parameter in enumerate(types, 1)}
        self._prepare = f"prepare {self._name} ({', '.join(types.values())}) as {numbered}"
        self._execute = f"execute {self._name}({', '.join(f'%({parameter})s' for parameter in types)})"
        self._on: WeakSet[Any] = WeakSet()

    def rows(self, **values: object) -> list[tuple[Any, ...]]:
        """What it answers to these values. Inside the organisation; one query."""
        with connection.cursor() as cursor:
            try:
                self._run(cursor, values)
            except NotSupportedError:
                # A column has another type since: a plan's results may not change. Organisations are migrated one
                # by one, so this happens while they are.
                if connection.in_atomic_block:
                    raise
                cursor.execute(f"deallocate {self._name}")
                self._on.discard(connection.connection)
                self._run(cursor, values)
            return cursor.fetchall()  # type: ignore[no-any-return]

    def row(self, **values: object) -> tuple[Any, ...] | None:
        """The first row of it; None where there is none."""
        rows = self.rows(**values)
        return rows[0] if rows else None

    def _run(self, cursor: Any, values: dict[str, object]) -> None:
        if connection.connection not in self._on:
            # The plan for any values: their own would be made five times first, and be the same.
            cursor.execute("set plan_cache_mode = force_generic_plan")
            cursor.execute(self._prepare)
            self._on.add(connection.connection)
        cursor.execute(self._execute, values)


def array(numbers: Iterable[int]) -> str:
    """A list of numbers as Postgres reads it; psycopg would write them element by element."""
    return "{" + ",".join(map(str, numbers)) + "}"
