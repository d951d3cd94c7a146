"""Background work: what has expired is forgotten, in every organisation, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import handover
from accounts.jobs import tidy_up
from accounts.models import HandOver
from tenants.db import in_organisation
from tenants.models import Organisation, SignUp
from tests.accounts.browsing import sign_in, signed_in


def test_what_has_expired_is_forgotten_everywhere(
    alice: Any, mallory: Any, run_jobs: Callable[[], None]
) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    SignUp.objects.create(organisation_name="Old", address="old", email="o@x.example", expires_at=long_ago)
    for person in (alice, mallory):
        sign_in(person.organisation, person.email)
        with in_organisation(person.organisation):
            Session.objects.update(expire_date=long_ago)
            handover.make(person)
            HandOver.objects.update(expires_at=long_ago)
    browser, _ = sign_in(alice.organisation, alice.email)
    tidy_up()
    run_jobs()
    assert SignUp.objects.count() == 0
    for person, living in ((alice, 1), (mallory, 0)):
        with in_organisation(person.organisation):
            assert HandOver.objects.count() == 0
            assert Session.objects.count() == UserSession.objects.count() == living
    assert signed_in(browser)


def test_tidying_up_costs_the_same_however_many_organisations_there_are(alice: Any, mallory: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        tidy_up()
        tidy_up()  # nothing has been done yet: nobody gets a second job
    assert len(queries) == 2 * 4  # begin, the sign-ups, commit; the jobs
    with connection.cursor() as cursor:
        cursor.execute(
            "select args ->> 'organisation' from procrastinate_jobs where task_name = 'accounts.jobs.forget_expired'"
        )
        waiting = sorted(name for (name,) in cursor.fetchall())
    active = Organisation.objects.filter(state=Organisation.State.ACTIVE)
    assert waiting == sorted(active.values_list("schema_name", flat=True))
    assert {person.organisation.schema_name for person in (alice, mallory)} <= set(waiting)
