"""Where people are signed in, and that ending a session really ends it."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client

from accounts.asgi import visitors
from accounts.devices import device_name
from accounts.sessions import session_topic, still_valid
from tenants.db import in_organisation
from tenants.events import PEOPLE, RECEIPTS, SIGNED_OUT
from tests.accounts.browsing import sign_in, signed_in
from tests.conftest import PASSWORD
from tests.events import Published
from tests.sockets import Tab, aside

ClientOf = Callable[[Any], Client]
NEW_PASSWORD = "quite another sentence"


def key(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def closed(published: Published) -> set[str]:
    """The topics of sessions whose sockets were closed."""
    return {
        topic
        for _, envelope in published("activity")
        if envelope.close == SIGNED_OUT
        for topic in envelope.topics
    }


def test_each_device_is_listed_and_this_one_marked(bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email, agent="Mozilla (X11; Linux) Firefox/140")
    sign_in(bob.organisation, bob.email, agent="Mozilla (iPhone) Version/19 Safari/605")
    page = browser.get("/me/sessions/").content.decode()
    assert page.index("Firefox on Linux") < page.index("This device") < page.index("Safari on iPhone")
    assert "127.0.0.1" in page


def test_ending_a_session_signs_that_device_out(bob: Any, published: Published) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    phone, _ = sign_in(bob.organisation, bob.email)
    topic = session_topic(key(phone))
    with in_organisation(bob.organisation):
        row = UserSession.objects.get(session_key=key(phone))
    browser.post(f"/me/sessions/{row.pk}/")
    assert not signed_in(phone)
    assert signed_in(browser)
    assert closed(published) == {topic}


def test_nobody_ends_the_session_of_somebody_else(
    alice: Any, bob: Any, mallory: Any, client_of: ClientOf
) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    with in_organisation(bob.organisation):
        row = UserSession.objects.get(session_key=key(browser))
    for other in (alice, mallory):
        assert client_of(other).post(f"/me/sessions/{row.pk + (other is mallory) * 1000}/").status_code == 404
    assert signed_in(browser)


def test_signing_out_everywhere_else_keeps_this_one(bob: Any, published: Published) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    others = [sign_in(bob.organisation, bob.email)[0] for _ in range(3)]
    topics = {session_topic(key(other)) for other in others}
    browser.post("/me/sessions/")
    assert signed_in(browser)
    assert not any(signed_in(other) for other in others)
    assert closed(published) == topics


def test_signing_out_closes_the_sockets_of_this_session(bob: Any, published: Published) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    before = key(browser)
    assert browser.post("/accounts/logout/").status_code == 302
    assert not signed_in(browser)
    assert closed(published) == {session_topic(before)}


def test_ending_ones_own_session_leads_to_sign_in(bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    with in_organisation(bob.organisation):
        row = UserSession.objects.get(session_key=key(browser))
    assert browser.post(f"/me/sessions/{row.pk}/").headers["Location"] == "/accounts/login/"
    assert not signed_in(browser)


def test_a_new_password_ends_all_other_sessions(bob: Any, published: Published) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    phone, _ = sign_in(bob.organisation, bob.email)
    phone_key = key(phone)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post("/accounts/password/change/", form).status_code == 302
    assert signed_in(browser)
    assert not signed_in(phone)
    assert session_topic(phone_key) in closed(published)
    assert session_topic(key(browser)) not in closed(published)
    assert sign_in(bob.organisation, bob.email)[1].status_code == 422


def test_still_valid_knows_sessions_people_and_activity(alice: Any, bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    pair = (bob.pk, key(browser))
    with in_organisation(bob.organisation):
        assert still_valid([pair, (bob.pk, "nosuchkey"), (10**9, key(browser))]) == {pair}
        assert still_valid([]) == set()
    browser.post("/accounts/logout/")
    with in_organisation(bob.organisation):
        assert still_valid([pair]) == set()


def test_a_socket_learns_who_it_is_in_two_queries(bob: Any, django_assert_num_queries: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    with in_organisation(bob.organisation):
        with django_assert_num_queries(2):
            found = visitors([key(browser)])[0]
        assert found is not None
        assert (found.person_id, found.name, found.role) == (bob.pk, "Bob", "member")
        assert found.topics_by_standing == {PEOPLE, RECEIPTS}
        assert visitors(["nosuchkey"]) == [None]
        bob.set_password(NEW_PASSWORD)
        bob.save()
        assert visitors([key(browser)])[0] is None


async def test_a_socket_ends_with_its_session_and_no_other(bob: Any) -> None:
    browser, _ = await aside(sign_in, bob.organisation, bob.email)
    phone, _ = await aside(sign_in, bob.organisation, bob.email)
    here = await Tab.personal(bob, session=key(browser))
    there = await Tab.personal(bob, session=key(phone))
    await aside(browser.post, "/me/sessions/")
    assert await there.until_closed() == SIGNED_OUT
    await aside(browser.post, "/accounts/logout/")
    assert await here.until_closed() == SIGNED_OUT


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/143 Safari/537 Edg/143", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit Version/19 Safari/605", "Safari on Mac"),
        ("curl/8.9", "curl"),
        ("", "Unknown device"),
        ("<script>", "Unknown device"),
    ],
)
def test_devices_have_names(header: str, name: str) -> None:
    assert device_name(header) == name
