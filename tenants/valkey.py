"""Connections to Valkey for everything but the subscription: short timeouts, one immediate retry.

redis-py's own default (three retries, a second and more apart) would hold a request for seconds whenever Valkey is
away; here an answer takes at most about half a second. The retry is for connections that a restart has cut.
"""

import os
from typing import Any, cast

import hiredis
import redis
from django.conf import settings
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

_MOST_CONNECTIONS = 16  # of one event loop; who comes when all are taken waits
_PATIENCE = 1.0
_TIMEOUT = 0.1  # seconds; Valkey answers in well under a millisecond


def client(timeout: float = _TIMEOUT) -> redis.Redis:
    """A pooled client for threads; `timeout` in seconds. Raises redis.RedisError where Valkey is away."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 1),
    )


class Asker:
    """Asks one command at a time, from any thread, on connections that are kept; the one used last is taken first.

    redis-py's client and its pool take four times as long around a command as this does: 8 % of what the web server needs
    for a post by form.
    """

    def __init__(self) -> None:
        self._pool = cast(Any, client().connection_pool)
        self._free: list[Any] = []
        os.register_at_fork(after_in_child=self._free.clear)  # two processes would read each other's answers

    def ask(self, *command: str | int) -> Any:
        """Its answer. Raises redis.RedisError where Valkey is away, or what it says is an error."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = self._pool.make_connection()
        try:
            packed = connection.pack_command(*command)
            answer = connection.retry.call_with_retry(
                lambda: self._answer(connection, packed), connection.disconnect
            )
        except BaseException:
            connection.disconnect()  # its answer may still come, and would be taken for the next one's
            raise
        self._free.append(connection)
        return answer

    @staticmethod
    def _answer(connection: Any, packed: list[bytes]) -> Any:
        connection.send_packed_command(packed)  # which connects, if need be
        return connection.read_response()


class AsyncAsker:
    """As Asker, for one event loop and one question at a time."""

    def __init__(self) -> None:
        self._connection = cast(Any, async_client().connection_pool.make_connection())

    async def ask(self, *command: str | int) -> Any:
        """Its answer. Raises redis.RedisError where Valkey is away, or what it says is an error."""
        connection = self._connection
        # redis-py's own way for the event loop is Python's. Their types say a tuple of one.
        packed = [hiredis.pack_command(command)]  # type: ignore[arg-type]
        try:
            return await connection.retry.call_with_retry(
                lambda: self._answer(packed), lambda _: connection.disconnect(nowait=True)
            )
        except BaseException:
            await connection.disconnect(nowait=True)  # its answer may still come
            raise

    async def _answer(self, packed: list[bytes]) -> Any:
        await self._connection.send_packed_command(packed)  # which connects, if need be
        return await self._connection.read_response()


def async_client() -> aioredis.Redis:
    """A pooled client for one event loop. Raises redis.RedisError where Valkey is away."""
    pool = aioredis.BlockingConnectionPool.from_url(
        settings.REDIS_URL,
        max_connections=_MOST_CONNECTIONS,
        timeout=_PATIENCE,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=AsyncRetry(NoBackoff(), 1),
    )
    return aioredis.Redis.from_pool(pool)
