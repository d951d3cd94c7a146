"""Waiting until others wait, so that a race is a certain order of events."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from tenants.db import in_organisation, leave
from tenants.models import Organisation

_WAITING = "select count(*) from pg_locks where not granted"


def wait_for(waiting: int = 1) -> None:
    """Return once so many connections wait for a lock. Raises AssertionError where they don't."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(_WAITING)
            if cursor.fetchone()[0] >= waiting:
                return
    raise AssertionError("nobody waits")


@contextmanager
def holding(organisation: Organisation, rows: Callable[[], QuerySet[Any]]) -> Iterator[None]:
    """Somebody else in `organisation` has locked `rows` meanwhile."""
    locked, goes_on = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with in_organisation(organisation), transaction.atomic():
                list(rows())
                locked.set()
                assert goes_on.wait(30)
        finally:
            locked.set()
            leave()

    with ThreadPoolExecutor(1) as others:
        held = others.submit(hold)
        try:
            assert locked.wait(10)
            yield
        finally:
            goes_on.set()
            held.result()
