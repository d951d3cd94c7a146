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


def test_what_nobody_signed_is_empty_however_well_the_true_one_is_known(acme: Any, key: str) -> None:
    with in_organisation(acme):
        assert SessionStore(key).load() == {"colour": "green"}
        first = SessionStore(key).load()
        first["colour"] = "red"  # which is nobody else's
        assert SessionStore(key).load() == {"colour": "green"}
        row = SessionStore.get_model_class().objects.get(pk=key)
        content, *signature = row.session_data.split(":")
        row.session_data = ":".join((content[:-1] + ("A" if content[-1] != "A" else "B"), *signature))
        row.save()
        assert SessionStore(key).load() == {}


def test_a_key_that_was_given_up_opens_nothing(acme: Any, key: str, settings: Any) -> None:
    with in_organisation(acme):
        assert SessionStore(key).load() == {"colour": "green"}
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
        assert SessionStore(key).load() == {"colour": "green"}
        settings.SECRET_KEY_FALLBACKS = []
        assert SessionStore(key).load() == {}
