"""Whether a connection of the pool is still good for use, asked without a round trip."""

import select
from typing import Any

import psycopg
from psycopg import Connection


def ended(connection: "Connection[Any]") -> bool:
    """Whether Postgres has ended `connection`, such as by a restart.

    An idle connection has nothing to read but Postgres' goodbye (or a notice); only then is it asked. The pool's own
    check asks always, which was one of a post's round trips, and waits a second for the first dead connection, two for
    the next, then four: after a restart a request could wait in vain for all its ten seconds.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return False
    try:
        connection.execute("")
    except psycopg.Error:
        return True
    return False
