"""Waiting until others wait, so that a race is a certain order of events."""

from django.db import connection

_WAITING = "select count(*) from pg_locks where not granted"


def wait_for(waiting: int = 1) -> None:
    """Return once so many connections wait for a lock. Raises AssertionError where they don't."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(_WAITING)
            if cursor.fetchone()[0] >= waiting:
                return
    raise AssertionError("nobody waits")
