"""Whether a connection of the pool is still good for use, asked without a round trip."""

import select
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool


def check(connection: "Connection[Any]") -> None:
    """Raise OperationalError where Postgres has ended `connection`, such as by a restart.

    An idle connection has nothing to read but Postgres' goodbye (or a notice); only then is it asked. The pool's own
    check asks always, which was one of a post's round trips.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)
