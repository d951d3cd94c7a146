"""A page reads the session and its person together, and takes the person only where the session says so itself."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Person
from tenants.db import in_organisation
from tests.accounts.browsing import sign_in, signed_in
from tests.chat.pages import queries

ClientOf = Callable[[Any], Client]


def key(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def asked(browser: Client) -> int:
    """How many queries a page without any of its own makes, once its host and session are known."""
    browser.get("/me/sessions/x")
    with queries() as found:
        browser.get("/me/sessions/x")
    return sum("tenants_organisation" not in query for query in found)


def name_on(browser: Client) -> str:
    return browser.get("/me/").context["request"].user.name


def test_who_signed_in_is_read_with_the_session(bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    assert name_on(browser) == bob.name
    assert asked(browser) == 1


def test_a_session_beside_which_nobody_stands_is_asked_twice(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    with in_organisation(bob.organisation):
        UserSession.objects.all().delete()
    assert name_on(browser) == bob.name
    assert asked(browser) == 2


def test_somebody_else_beside_it_is_not_believed(bob: Any, charlie: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    with in_organisation(bob.organisation):
        assert UserSession.objects.filter(session_key=key(browser)).update(user=charlie.pk)
    assert name_on(browser) == bob.name


def test_a_session_of_nobody_is_not_given_to_who_stands_beside_it(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    with in_organisation(bob.organisation):
        store = browser.session
        store.clear()
        store.save()
        assert UserSession.objects.filter(session_key=key(browser), user=bob.pk).exists()
    assert not signed_in(browser)


def test_who_is_shut_out_is_not_signed_in(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    with in_organisation(bob.organisation):
        Person.objects.filter(pk=bob.pk).update(is_active=False)
    assert not signed_in(browser)


def test_a_session_of_the_old_password_is_ended(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    with in_organisation(bob.organisation):
        Person.objects.filter(pk=bob.pk).update(password="!another")
    assert not signed_in(browser)
    with in_organisation(bob.organisation):
        assert not Session.objects.filter(session_key=key(browser)).exists()


@pytest.mark.parametrize("backend", ["", "django.contrib.auth.backends.ModelBackend"])
def test_a_session_of_another_way_in_is_nobodys(bob: Any, client_of: ClientOf, backend: str) -> None:
    browser = client_of(bob)
    with in_organisation(bob.organisation):
        store = browser.session
        store["_auth_user_backend"] = backend
        store.save()
    assert not signed_in(browser)


def test_sessions_outlive_a_new_secret_key(bob: Any, client_of: ClientOf, settings: Any) -> None:
    browser = client_of(bob)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    assert signed_in(browser)
    settings.SECRET_KEY_FALLBACKS = []
    assert signed_in(browser)  # it was made anew, of the new key
    with in_organisation(bob.organisation):
        assert UserSession.objects.filter(session_key=key(browser), user=bob.pk).count() == 1
