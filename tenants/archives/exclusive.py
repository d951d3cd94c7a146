"""One restore, clone or erasure of an organisation at a time, over all processes."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from tenants import hosts, provisioning
from tenants.archives.errors import Refused
from tenants.db import leave
from tenants.models import Organisation

PATIENCE = 3_000  # milliseconds
_ARCHIVES = 7_261_003  # advisory locks of ours; the second number is the schema's


@contextmanager
def alone_with(schema_name: str, *, patience: int = PATIENCE) -> Iterator[None]:
    """Hold this schema for the block; wait for it `patience` milliseconds at most, then raise Refused.

    A process that dies lets go of it as soon as Postgres notices, which is what the patience is for.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [str(patience)])
            cursor.execute("select pg_advisory_lock(%s, hashtext(%s))", [_ARCHIVES, schema_name])
    except OperationalError:
        raise Refused(
            "This organisation is being restored or erased right now. Wait until that has ended."
        ) from None
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s, hashtext(%s))", [_ARCHIVES, schema_name])


@contextmanager
def closed_aside(organisation: Organisation | None) -> Iterator[None]:
    """Keep an active organisation's doors closed from when every process knows of it; if it fails, open them again.

    Processes remember the registry's answers, and with them the epoch, for some seconds (tenants.hosts). After these
    nobody is served who could take new rows for the old ones' continuation. This thread is in a transaction, so the
    organisation is suspended in another; that it is active again is for the block to commit.
    """
    if organisation is None or organisation.state != Organisation.State.ACTIVE:
        yield
        return
    try:
        _aside(provisioning.suspend, organisation)
        time.sleep(hosts.LASTS_SECONDS)
        yield
    except BaseException:
        _aside(provisioning.resume, organisation)
        raise


def _aside(function: Callable[[Organisation], None], organisation: Organisation) -> None:
    def run() -> None:
        try:
            function(organisation)
        finally:
            leave()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(run).result()
