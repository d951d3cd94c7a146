"""Django's connection, typed as what it is here: `tenants.backend`'s wrapper, which knows organisations."""

import asyncio
import threading
from typing import TYPE_CHECKING, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as _connection

if TYPE_CHECKING:
    from tenants.backend.base import DatabaseWrapper

connection = cast("DatabaseWrapper", _connection)


class _Here(threading.local):
    wrapper: "DatabaseWrapper | None" = None


_here = _Here()


def _in_an_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def of_this_thread() -> "DatabaseWrapper":
    """The same itself, of a thread without an event loop: `connection` finds out with each look which thread and loop this
    is, 2 µs each time, and a request looks at it a dozen times. Raises RuntimeError where an event loop, which has another,
    would be the first of its thread to ask."""
    if _here.wrapper is None:
        if _in_an_event_loop():
            raise RuntimeError("an event loop asks through in_tenant")
        _here.wrapper = cast("DatabaseWrapper", connections[DEFAULT_DB_ALIAS])
    return _here.wrapper
