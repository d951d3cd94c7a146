"""The doors to an organisation's data.

`in_tenant` is the only door of asynchronous code: the ambient tenant lives on a thread's connection, which the event
loop must neither read nor set (PITFALLS, "Tenancy"). Synchronous code that already runs inside an organisation asks
`current_organisation`; only `tenants`, and tests, enter one themselves.
"""

import asyncio
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django_tenants.utils import tenant_context
from psycopg.errors import QueryCanceled

from tenants.connection import connection, of_this_thread
from tenants.models import Organisation

# Bounded, and with the HTTP threads within the pool's size, or callers would wait for a connection and fail.
_threads = ThreadPoolExecutor(settings.THREADS, thread_name_prefix="in-tenant")


class NoOrganisation(RuntimeError):
    """Code that needs an organisation ran in `public`."""


async def in_tenant[**P, T](
    organisation: Organisation, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call the synchronous `function` inside `organisation`, in one transaction, on a thread of a bounded pool.

    Returns what it returns: values and lists, never a lazy queryset, which would be read in the wrong place. Raises
    what it raises, after the rollback. 58 µs empty, 290 µs with one statement (measured, DESIGN 7).
    """
    call = functools.partial(_call, organisation, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


async def in_public[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the synchronous `function` on a thread of the same pool in `public`: for the registry only."""
    call = functools.partial(_call_in_public, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def on_thread(function: Callable[[], object]) -> None:
    """Let `function` run on a thread of the same pool, which has to `leave` in the end and must not raise."""
    _threads.submit(function)


def within[**P, T](
    organisation: Organisation, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call `function` inside `organisation`, in one transaction, on this thread's connection, which it keeps."""
    # `atomic` inside: the other way round, on_commit would run in `public`.
    with tenant_context(organisation), transaction.atomic():
        return function(*args, **kwargs)


def _call[T](organisation: Organisation, function: Callable[..., T], *args: object, **kwargs: object) -> T:
    try:
        return within(organisation, function, *args, **kwargs)
    finally:
        leave()


def _call_in_pieces[T](
    organisation: Organisation, function: Callable[..., T], *args: object, **kwargs: object
) -> T:
    try:
        with tenant_context(organisation):
            return function(*args, **kwargs)
    finally:
        leave()


def _call_in_public[T](function: Callable[..., T], *args: object, **kwargs: object) -> T:
    try:
        connection.set_schema_to_public()
        return function(*args, **kwargs)
    finally:
        leave()


def leave() -> None:
    """Give this thread's connection back to the pool and stand in `public` again."""
    try:
        connection.close()
    finally:
        connection.set_schema_to_public()


def settle(*, rested: bool = False) -> None:
    """Stand in `public` again on a connection that this thread keeps; one that something happened to is given back, be it
    while nobody used it (`rested`)."""
    kept = of_this_thread()
    try:
        if kept.connection is not None and not kept.is_spotless(rested=rested):
            kept.close()
    finally:
        kept.set_schema_to_public()


@contextmanager
def in_organisation(organisation: Organisation) -> Iterator[None]:
    """Synchronous code inside `organisation`, for `tenants` itself (requests, jobs, commands) and for tests."""
    with tenant_context(organisation):
        yield


@contextmanager
def as_owner() -> Iterator[None]:
    """Keep the login's own role while inside an organisation: its tables are made, changed and dropped by it."""
    before, connection.as_owner = connection.as_owner, True
    try:
        yield
    finally:
        connection.as_owner = before


def took_too_long(error: Exception) -> bool:
    """Whether Postgres gave a statement up after `settings.STATEMENT_SECONDS`."""
    return isinstance(error.__cause__, QueryCanceled)


def current_organisation() -> Organisation:
    """The organisation this thread is inside of. Raises NoOrganisation in `public` and in the event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        if isinstance(connection.tenant, Organisation):
            return connection.tenant
        raise NoOrganisation("This needs an organisation, and none was entered.") from None
    raise NoOrganisation("Asynchronous code carries its organisation explicitly.")
