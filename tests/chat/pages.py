"""Counting what a page asks of Postgres."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import organisation_settings
from tenants import hosts

# Between prepared statements of one round trip, as `tenants.backend.base` notes them.
_TOGETHER = re.compile(r"; (?=execute parley_)")
FEW, MANY = 2, 12  # of what a page lists, all of them on its first part


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


def listing_costs(
    browser: Client,
    path: str,
    add: Callable[[int], object],
    listed: str,
    headers: Mapping[str, str] | None = None,
) -> list[int]:
    """How many statements the page makes where it lists FEW, and where MANY; `add` makes each, `listed` finds them there.

    The host's and the session's are among them, and those for what a process otherwise knows for some seconds.
    """
    costs = []
    for numbers in (range(FEW), range(FEW, MANY)):
        for number in numbers:
            add(number)
        browser.get(path, headers=headers)  # the session is noted now
        hosts.forget()
        organisation_settings.forget()
        with queries() as asked:
            page = browser.get(path, headers=headers).content.decode()
        assert len(set(re.findall(listed, page))) == numbers.stop, page
        costs.append(len(asked))
    return costs


def somebody_waits() -> bool:
    """Whether a connection waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return bool(cursor.fetchone()[0])
