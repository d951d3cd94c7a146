"""`/healthz`: whether this process can serve. Answered before Django, on any host, without a session or a tenant.

A connection of its own and not one of the pool: the answer comes within its second even when every thread waits, so
that a burst of work does not make the load balancer take away one process after the other.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import redis
import structlog
from django.conf import settings

from tenants import valkey

type App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

log = structlog.get_logger(__name__)
PATH = "/healthz"
WITHIN = 1.0  # seconds in which Postgres has to answer, and for which an answer holds

_asking: asyncio.Task[dict[str, str]] | None = None


def with_health(inner: App) -> App:
    """Answer `/healthz`: 200 where Postgres answers within a second, else 503; the body also says Valkey's state.

    Without Valkey people still read and post, so that is no reason to take a process away.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["path"] != PATH or scope["method"] not in ("GET", "HEAD"):
            await inner(scope, receive, send)
            return
        state = await current_state()
        body = json.dumps(state | {"build": settings.BUILD}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        status = 200 if state["postgres"] == "ok" else 503
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app


async def current_state() -> dict[str, str]:
    """`{"postgres": "ok" | "away", "valkey": "ok" | "away"}`. However many ask, each is asked once a second."""
    global _asking
    loop = asyncio.get_running_loop()
    if _asking is None or _asking.get_loop() is not loop:
        _asking = loop.create_task(_ask())
        _asking.add_done_callback(lambda asked: loop.call_later(WITHIN, _forget, asked))
    return await asyncio.shield(_asking)


def _forget(asked: asyncio.Task[dict[str, str]]) -> None:
    global _asking
    if _asking is asked:
        _asking = None


async def _ask() -> dict[str, str]:
    postgres, news = await asyncio.gather(_ask_postgres(), _ask_valkey())
    return {"postgres": "ok" if postgres else "away", "valkey": "ok" if news else "away"}


async def _ask_postgres() -> bool:
    database = settings.DATABASES["default"]
    where = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    options = {
        name: value for name, value in database.get("OPTIONS", {}).items() if name.startswith(("ssl", "host"))
    }
    parameters = options | {name: database[key] for name, key in where.items() if database.get(key)}
    try:
        async with (
            asyncio.timeout(WITHIN),
            await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as connection,
        ):
            await connection.execute("select 1")
    except (psycopg.Error, TimeoutError, OSError) as error:
        log.warning("Postgres does not answer", error=f"{type(error).__name__}: {error}")
        return False
    return True


async def _ask_valkey() -> bool:
    client = valkey.async_client()
    try:
        await client.ping()
    except (redis.RedisError, OSError) as error:
        log.warning("Valkey does not answer", error=f"{type(error).__name__}: {error}")
        return False
    finally:
        await client.aclose()
    return True
