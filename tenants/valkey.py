"""Connections to Valkey for everything but the subscription: short timeouts, one immediate retry.

redis-py's own default (three retries, a second and more apart) would hold a request for seconds whenever Valkey is
away; here an answer takes at most about half a second. The retry is for connections that a restart has cut.
"""

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
