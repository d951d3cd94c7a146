"""Counting what a page asks of Postgres."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# Between prepared statements of one round trip, as `tenants.backend.base` notes them.
_TOGETHER = re.compile(r"; (?=execute parley_)")


@contextmanager
def queries() -> Iterator[list[str]]:
    """Collects the statements that read or change rows; entering an organisation and transactions aside.

    Those that travel in one round trip count one by one, so that an N+1 among them shows.
    """
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [
        statement
        for query in captured.captured_queries
        for statement in _TOGETHER.split(query["sql"])
        if statement.lstrip().split(maxsplit=1)[0].lower()
        in ("select", "insert", "update", "delete", "with", "execute")
        and "set_config" not in statement
    ]


def somebody_waits() -> bool:
    """Whether a connection waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return bool(cursor.fetchone()[0])
