"""Reading a session with our own statement gives what Django's gives."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends import db
from django.utils import timezone

from accounts.session_store import SessionStore
from tenants.db import in_organisation


@pytest.fixture
def key(acme: Any) -> str:
    with in_organisation(acme):
        session = SessionStore()
        session["colour"] = "green"
        session.save()
    assert session.session_key
    return session.session_key


def test_a_session_is_read_in_one_query_and_as_django_reads_it(
    acme: Any, key: str, django_assert_num_queries: Any
) -> None:
    with in_organisation(acme):
        with django_assert_num_queries(1):
            mine = SessionStore(key).load()
        assert mine == db.SessionStore(key).load() == {"colour": "green"}


def test_one_that_has_run_out_or_is_unknown_or_of_another_organisation_is_empty(
    acme: Any, globex: Any, key: str
) -> None:
    with in_organisation(globex):
        assert SessionStore(key).load() == {}
    with in_organisation(acme):
        unknown = SessionStore("nobody")
        assert unknown.load() == {}
        assert unknown.session_key is None
        SessionStore.get_model_class().objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        assert SessionStore(key).load() == {}
