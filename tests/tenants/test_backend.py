"""The wall between organisations, at the database: role and search_path travel together and never lag behind."""

import asyncio
import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.utils import DatabaseError

from accounts.models import Person
from tenants import jobs, provisioning
from tenants.db import NoOrganisation, current_organisation, in_organisation, in_tenant, leave
from tenants.models import Organisation
from tests.sockets import aside


def standing() -> tuple[str, str]:
    """The role and the first schema of the path, as Postgres has them."""
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_schema()")
        return cursor.fetchone()


def test_entering_takes_role_and_path_together(acme: Organisation, globex: Organisation) -> None:
    for organisation in (acme, globex, acme):
        with in_organisation(organisation):
            assert standing() == (organisation.schema_name, organisation.schema_name)
    assert standing()[1] == "public"


@pytest.mark.parametrize(
    "statement",
    [
        'select * from "{other}".accounts_person',
        "insert into \"{other}\".chat_room (kind, name) values ('public', 'x')",
        'drop table "{other}".chat_message',
        "select * from public.tenants_organisation",
        "select * from public.procrastinate_jobs",
        "create table public.mine (id int)",
        "create temporary table accounts_person (id int)",
        'create table "{own}".extra (id int)',
    ],
)
def test_raw_sql_of_an_organisation_reaches_nothing_else(
    acme: Organisation, globex: Organisation, statement: str
) -> None:
    sql = statement.format(other=globex.schema_name, own=acme.schema_name)
    with (
        in_organisation(acme),
        connection.cursor() as cursor,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        cursor.execute(sql)


def test_a_tenants_table_is_missing_in_public() -> None:
    with pytest.raises(ProgrammingError, match="does not exist"):
        list(Person.objects.all())


def test_no_rollback_takes_the_organisation_away(acme: Organisation) -> None:
    with in_organisation(acme):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select 1/0")
        assert standing()[0] == acme.schema_name
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("savepoint raw")
                cursor.execute("select count(*) from accounts_person")
                cursor.execute("rollback to raw")
            assert standing()[0] == acme.schema_name


def test_a_switch_inside_a_transaction_survives_a_rollback_to_a_savepoint(
    acme: Organisation, globex: Organisation
) -> None:
    with in_organisation(acme), transaction.atomic():
        assert Person.objects.count() == 4
        with in_organisation(globex):
            assert Person.objects.count() == 1
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("select 1/0")
            assert standing()[0] == globex.schema_name
        assert standing()[0] == acme.schema_name
    assert standing()[1] == "public"


def test_a_connection_of_the_pool_brings_nobody_elses_role(acme: Organisation, globex: Organisation) -> None:
    for organisation in (acme, globex) * 3:
        with in_organisation(organisation):
            assert standing()[0] == organisation.schema_name
        leave()
    assert standing()[1] == "public"
    assert standing()[0] not in (acme.schema_name, globex.schema_name)


def test_how_long_a_statement_may_take_goes_along(acme: Organisation, globex: Organisation) -> None:
    """From each organisation to the next, also where one was left by a rollback."""

    def patience() -> str:
        with connection.cursor() as cursor:
            cursor.execute("show statement_timeout")
            return cursor.fetchone()[0]

    def fails() -> None:
        connection.statement_seconds = 7.5
        assert patience() == "7500ms"
        with connection.cursor() as cursor:
            cursor.execute("select 1/0")

    try:
        for organisation, seconds in itertools.product((acme, globex, acme), (0.0, 2.5, 2.5)):
            connection.statement_seconds = seconds
            wanted = "2500ms" if seconds else "0"
            with in_organisation(organisation):
                assert patience() == wanted
                with pytest.raises(DatabaseError), transaction.atomic(), in_organisation(globex):
                    fails()
                connection.statement_seconds = seconds
                assert patience() == wanted
    finally:
        connection.statement_seconds = 0.0


async def test_calls_of_three_organisations_never_mix(acme: Organisation, globex: Organisation) -> None:
    """Every order of entering and leaving, forced by a barrier on real threads."""
    third = await aside(provisioning.claim, "Third", "third-one")
    organisations = [acme, globex, third]
    expected = {acme.pk: 4, globex.pk: 1, third.pk: 0}
    for order in itertools.permutations(organisations):
        barrier = threading.Barrier(len(order))

        def look(barrier: threading.Barrier = barrier) -> tuple[str, int, str]:
            before = standing()[0]
            barrier.wait(10)
            people = Person.objects.count()
            barrier.wait(10)
            return before, people, current_organisation().schema_name

        answers = await asyncio.gather(*(in_tenant(organisation, look) for organisation in order))
        for organisation, answer in zip(order, answers, strict=True):
            assert answer == (organisation.schema_name, expected[organisation.pk], organisation.schema_name)


async def test_asynchronous_code_has_no_ambient_organisation(acme: Organisation) -> None:
    with pytest.raises(NoOrganisation):
        current_organisation()
    assert await in_tenant(acme, lambda: current_organisation().pk) == acme.pk


async def test_a_failing_call_rolls_back_and_leaves_the_thread_in_public(acme: Organisation) -> None:
    def rename_and_fail() -> None:
        Person.objects.update(name="Nobody")
        raise LookupError

    with pytest.raises(LookupError):
        await in_tenant(acme, rename_and_fail)
    assert not await in_tenant(acme, lambda: Person.objects.filter(name="Nobody").exists())


def _queued() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select args ->> 'organisation' from procrastinate_jobs where task_name = 'tests.jobs.probe'"
        )
        return [organisation for (organisation,) in cursor.fetchall()]


def test_an_organisation_enqueues_jobs_for_itself_only(acme: Organisation, globex: Organisation) -> None:
    with in_organisation(acme), connection.cursor() as cursor:
        cursor.execute(
            "select public.enqueue_job('tests.jobs.probe', 'default', %s::jsonb, null, null)",
            [f'{{"organisation": "{globex.schema_name}"}}'],
        )
    assert _queued() == [acme.schema_name]


def test_a_job_goes_with_the_transaction_that_caused_it(acme: Organisation) -> None:
    with in_organisation(acme), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select public.enqueue_job('tests.jobs.probe', 'default', '{}', null, null)")
        transaction.set_rollback(True)
    assert _queued() == []


def test_a_job_that_waits_is_not_enqueued_twice(acme: Organisation) -> None:
    for _ in range(2):
        jobs.enqueue(provisioning.keep_spares, once="test")
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where queueing_lock like '%%:test'")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("undoing", ["rollback", "rollback; begin", "commit"])
def test_no_end_of_a_transaction_leaves_the_organisation(
    acme: Organisation, globex: Organisation, undoing: str
) -> None:
    """Entering travels with the transaction's beginning, and yet does not belong to it."""
    with in_organisation(globex):
        assert standing()[0] == globex.schema_name
    with in_organisation(acme), transaction.atomic():
        assert standing()[0] == acme.schema_name
        connection.connection.execute(undoing)
        row = connection.connection.execute("select current_user, current_schema()").fetchone()
        assert row == (acme.schema_name, acme.schema_name)


def test_an_organisation_that_is_gone_leaves_a_usable_connection(acme: Organisation) -> None:
    gone = Organisation(schema_name="org_00000000deadbeef")
    with in_organisation(gone), pytest.raises(DatabaseError), transaction.atomic():
        standing()
    with in_organisation(acme):
        assert standing()[0] == acme.schema_name


def test_connections_that_postgres_ended_are_not_given_out(acme: Organisation) -> None:
    """A pool that tries them one after the other with growing pauses gives none within its timeout."""
    together = threading.Barrier(6)

    def stand() -> None:
        with in_organisation(acme):
            standing()
            together.wait(10)
        leave()  # to the pool

    with ThreadPoolExecutor(6) as threads:
        for stood in [threads.submit(stand) for _ in range(6)]:
            stood.result()
    leave()
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        ended = other.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and state = 'idle'"
        ).fetchall()
    assert len(ended) >= 6
    with in_organisation(acme):
        assert standing()[0] == acme.schema_name
