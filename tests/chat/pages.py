"""Counting what a page asks of Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def queries() -> Iterator[list[str]]:
    """Collects the statements that read or change rows; entering an organisation and transactions aside."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].lstrip().split(maxsplit=1)[0].lower()
        in ("select", "insert", "update", "delete", "with", "execute")
        and "set_config" not in query["sql"]
    ]


def somebody_waits() -> bool:
    """Whether a connection waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return bool(cursor.fetchone()[0])
