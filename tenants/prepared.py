"""Statements that pages ask prepared: their values by name, their rows at once.

Django sends the whole text with its values, and Postgres parses and plans it each time: for what stands beside a page
that took longer than the answer. `tenants.backend.prepared` keeps the plans, for each connection and organisation, and
the first of a request's statements travels together with what enters the organisation.
"""

from collections.abc import Iterable
from typing import Any

from django.db import NotSupportedError

from tenants.backend.prepared import Statement
from tenants.connection import of_this_thread


class Prepared:
    """`Prepared("member", "select … where id = %(person)s", person="bigint")`: parameters with their types.

    `planned_each_time` where the best plan depends on the arguments: parsing is spared all the same, and the cursor.
    """

    def __init__(self, name: str, statement: str, *, planned_each_time: bool = False, **types: str) -> None:
        numbered = statement % {parameter: f"${number}" for number, parameter in enumerate(types, 1)}
        self._statement = Statement(name, ", ".join(types.values()), numbered, planned_each_time)
        self._parameters = tuple(types)

    def rows(self, **values: object) -> list[tuple[Any, ...]]:
        """What it answers to these values (lists by `array` and `texts`). Inside the organisation; one query."""
        call = self._statement, tuple(str(values[parameter]) for parameter in self._parameters)
        connection = of_this_thread()
        try:
            return connection.run(call)
        except NotSupportedError:
            # A column has another type since: a plan's results may not change. Organisations are migrated one by one,
            # so this happens while they are; what failed is forgotten, and prepared anew.
            if connection.in_atomic_block:
                raise
            return connection.run(call)

    def row(self, **values: object) -> tuple[Any, ...] | None:
        """The first row of it; None where there is none."""
        rows = self.rows(**values)
        return rows[0] if rows else None


def array(numbers: Iterable[int]) -> str:
    """A list of numbers as Postgres reads it."""
    return "{" + ",".join(map(str, numbers)) + "}"


def texts(values: Iterable[str | None]) -> str:
    """A list of texts as Postgres reads it."""
    return "{" + ",".join("null" if value is None else _quoted(value) for value in values) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
