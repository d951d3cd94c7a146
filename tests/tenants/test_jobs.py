"""The queue: what a dead worker had in hand is done by another one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from accounts.jobs import forget_expired
from tenants.db import in_organisation
from tenants.jobs import enqueue, retry_abandoned
from tenants.models import Organisation

NAME = "accounts.jobs.forget_expired"


@pytest.fixture
def _abandoned(acme: Organisation) -> None:
    """A job of Acme that a worker had begun before it was killed, a minute ago."""
    with in_organisation(acme):
        Session.objects.create(
            session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1)
        )
        enqueue(forget_expired)
    with connection.cursor() as cursor:
        cursor.execute(
            "with worker as (insert into procrastinate_workers (last_heartbeat)"
            " values (now() - interval '1 minute') returning id)"
            " update procrastinate_jobs set status = 'doing', worker_id = worker.id from worker where task_name = %s",
            [NAME],
        )


def jobs_left() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("select status::text, attempts from procrastinate_jobs where task_name = %s", [NAME])
        return cursor.fetchall()


def sessions(organisation: Organisation) -> int:
    with in_organisation(organisation):
        return Session.objects.count()


@pytest.mark.usefixtures("_abandoned")
def test_a_job_whose_worker_died_is_done(acme: Organisation, run_jobs: Callable[[], None]) -> None:
    retry_abandoned.defer(timestamp=0)
    run_jobs()
    assert (sessions(acme), jobs_left()) == (0, [])


@pytest.mark.usefixtures("_abandoned")
def test_a_job_that_kills_every_worker_is_given_up(acme: Organisation, run_jobs: Callable[[], None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set attempts = 6 where task_name = %s", [NAME])
    retry_abandoned.defer(timestamp=0)
    run_jobs()
    assert sessions(acme) == 1
    assert [status for status, _ in jobs_left()] == ["failed"]


@pytest.mark.usefixtures("_abandoned")
def test_a_job_in_living_hands_is_left_alone(acme: Organisation, run_jobs: Callable[[], None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_workers set last_heartbeat = now()")
    retry_abandoned.defer(timestamp=0)
    run_jobs()
    assert (sessions(acme), jobs_left()) == (1, [("doing", 0)])
