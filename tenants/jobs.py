"""Background jobs, in Postgres, committed with what caused them.

procrastinate's worker swaps the application's connector, so a job deferred inside a job's transaction would run even
if that rolls back (PITFALLS, "Jobs"). `enqueue` therefore never asks procrastinate: it calls `public.enqueue_job` on
Django's connection. That function runs with its owner's rights and writes the role that called it into the job's
arguments, so an organisation can enqueue jobs for itself and for nobody else.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from tenants.connection import connection
from tenants.db import _call, _call_in_pieces, _call_in_public
from tenants.models import Organisation

log = structlog.get_logger(__name__)
_MOST_DEATHS = 6  # of workers, with the same job in hand: then it is the job's fault
_ENQUEUE = "select public.enqueue_job(%s, %s, %s::jsonb, %s, %s)"
_ENQUEUE_FOR_EVERYONE = """
select public.enqueue_job(
    %s, %s, jsonb_build_object('organisation', schema_name), schema_name || ':' || %s || ':everyone', null)
from public.tenants_organisation where state = %s
"""


def job[F: Callable[..., None]](
    *, queue: str = "default", attempts: int = 6, in_pieces: bool = False
) -> Callable[[F], F]:
    """Make `f(organisation, *, a, b)` a job of an organisation; it runs inside it, in one transaction.

    A failing attempt is rolled back and tried again after 2, 4, 8 … seconds. Arguments travel as JSON. A job may run
    more than once (a worker can die after its work and before saying so): write it so that this does no harm.
    `in_pieces`: it is in no transaction, and makes its own for each piece of what would take one too long.
    """
    call = _call_in_pieces if in_pieces else _call

    def decorate(function: F) -> F:
        def run(organisation: str, **arguments: Any) -> None:
            found = _call_in_public(_active, organisation)
            if found is not None:
                with structlog.contextvars.bound_contextvars(organisation=organisation, job=_name(function)):
                    call(found, function, found, **arguments)

        _register(function, run, queue, attempts)
        return function

    return decorate


def public_job[F: Callable[..., None]](
    *, queue: str = "default", attempts: int = 6, every: str = ""
) -> Callable[[F], F]:
    """Make `f(*, a, b)` a job of no organisation; it runs in `public`. `every` is a cron line for a schedule."""

    def decorate(function: F) -> F:
        def run(timestamp: int | None = None, **arguments: Any) -> None:
            if "organisation" in arguments:
                raise PermissionError(f"{_name(function)} is no organisation's job.")
            _call_in_public(function, **arguments)

        task = _register(function, run, queue, attempts)
        if every:
            app.periodic(cron=every)(task)
        return function

    return decorate


def enqueue(
    function: Callable[..., None], *, at: datetime | None = None, once: str | None = None, **arguments: Any
) -> None:
    """Enqueue a job with the current transaction: for the organisation that is entered, or for none.

    `at`: not before that time. `once`: no second job with this word waits beside the first. One statement.
    """
    name = _name(function)
    task = app.tasks[name]
    lock = f"{connection.schema_name}:{name}:{once}" if once else None
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE, [name, task.queue, json.dumps(arguments), lock, at])


def enqueue_for_everyone(function: Callable[..., None]) -> None:
    """Enqueue a job of organisations, without arguments, once for each active one: from `public`, one statement.

    An organisation for which it waits already gets no second one.
    """
    name = _name(function)
    active = Organisation.State.ACTIVE
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE_FOR_EVERYONE, [name, app.tasks[name].queue, name, active])


def _name(function: Callable[..., None]) -> str:
    return f"{function.__module__}.{function.__name__}"


def _register(function: Callable[..., None], run: Callable[..., None], queue: str, attempts: int) -> Any:
    retry = RetryStrategy(max_attempts=attempts, exponential_wait=2)
    return app.task(name=_name(function), queue=queue, retry=retry)(run)


def _active(schema_name: str) -> Organisation | None:
    """The organisation of a job, unless it is gone or suspended (its jobs are then dropped)."""
    return Organisation.objects.filter(schema_name=schema_name, state=Organisation.State.ACTIVE).first()


@app.periodic(cron="* * * * *")
@app.task(name=f"{__name__}.retry_abandoned", pass_context=True)
async def retry_abandoned(context: JobContext, timestamp: int) -> None:
    """Start again the jobs of workers that died with them in hand: killed, out of memory, or the machine gone.

    procrastinate marks a job as begun and leaves it so for ever. A worker says every 10 seconds that it lives, and
    counts as dead after 30. It runs on the worker's own connection, and touches the queue only.
    """
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs():
        log.warning("a worker died with this job in hand", job=job.task_name, attempts=job.attempts)
        if job.attempts < _MOST_DEATHS:
            await jobs.retry_job(job)
        else:
            await jobs.finish_job(job, Status.FAILED, delete_job=False)
