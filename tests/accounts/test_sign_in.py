"""Signing in, forgotten passwords and limits."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tenants.db import NoOrganisation, in_organisation
from tenants.models import Organisation
from tests.accounts.browsing import link_in, newest_mail, sign_in, signed_in
from tests.conftest import PASSWORD

ClientOf = Callable[[Any], Client]
NEW_PASSWORD = "quite another sentence"


def test_signing_in_and_out(bob: Any) -> None:
    browser, answer = sign_in(bob.organisation, "BOB@acme.example")
    assert answer.headers["Location"] == "/"
    assert signed_in(browser)
    browser.post("/accounts/logout/")
    assert not signed_in(browser)


def test_a_wrong_password_and_a_stranger_look_the_same(bob: Any) -> None:
    _, wrong = sign_in(bob.organisation, bob.email, "not it at all")
    _, unknown = sign_in(bob.organisation, "nobody@acme.example", "not it at all")
    assert wrong.status_code == unknown.status_code == 422
    for answer in (wrong, unknown):
        assert "don&#x27;t fit together" in answer.content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "http://globex.localhost/", "javascript:alert(1)"]
)
def test_redirects_lead_only_to_this_host(target: str, bob: Any) -> None:
    browser = Client(headers={"host": bob.organisation.host})
    answer = browser.post(
        "/accounts/login/", {"login": bob.email, "password": "correct horse battery staple", "next": target}
    )
    assert answer.headers["Location"] == "/"
    other = Client(headers={"host": bob.organisation.host})
    form = {"login": bob.email, "password": "correct horse battery staple", "next": "/people/"}
    assert other.post("/accounts/login/", form).headers["Location"] == "/people/"


def test_a_cookie_of_one_organisation_opens_no_other(
    acme: Organisation, mallory: Any, client_of: ClientOf
) -> None:
    browser = client_of(mallory)
    assert browser.get("/me/").status_code == 200
    assert browser.get("/me/", headers={"host": acme.host}).status_code == 302


def test_nobody_signs_up_without_an_invitation(acme: Organisation, client_of: ClientOf) -> None:
    browser = client_of(acme)
    assert "by invitation" in browser.get("/accounts/signup/").content.decode()
    browser.post("/accounts/signup/", {"email": "x@x.example", "password1": NEW_PASSWORD})
    assert not signed_in(browser)


def test_a_forgotten_password_is_replaced_by_mail(
    bob: Any, client_of: ClientOf, run_jobs: Callable[[], None]
) -> None:
    before, _ = sign_in(bob.organisation, bob.email)
    browser = client_of(bob.organisation)
    assert browser.post("/accounts/password/reset/", {"email": bob.email}).status_code == 302
    letter = newest_mail(run_jobs, bob.email)
    assert bob.organisation.url("/accounts/password/reset/key/") in letter.body
    assert letter.content_subtype == "plain"
    page = browser.get(link_in(letter.body), follow=True)
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post(page.request["PATH_INFO"], form).status_code == 302
    assert not signed_in(before)
    assert signed_in(sign_in(bob.organisation, bob.email, NEW_PASSWORD)[0])
    assert (
        "no longer works"
        in client_of(bob.organisation).get(link_in(letter.body), follow=True).content.decode()
    )


def test_the_reset_page_never_tells_who_is_here(
    alice: Any, bob: Any, client_of: ClientOf, run_jobs: Callable[[], None]
) -> None:
    from accounts import people

    with in_organisation(bob.organisation):
        people.deactivate(alice, bob.pk)
    for email in ("nobody@acme.example", bob.email):
        answer = client_of(bob.organisation).post("/accounts/password/reset/", {"email": email}, follow=True)
        assert "If that address has an account here" in answer.content.decode()
    run_jobs()
    assert mail.outbox == []


def test_a_link_in_a_mail_leads_to_the_registered_host(bob: Any, run_jobs: Callable[[], None]) -> None:
    browser = Client(headers={"host": f"{bob.organisation.host}:6666"})
    browser.post("/accounts/password/reset/", {"email": bob.email})
    assert ":6666" not in newest_mail(run_jobs, bob.email).body


def test_guessing_a_password_ends_in_429(acme: Organisation, globex: Organisation) -> None:
    for _ in range(5):
        assert sign_in(acme, "bob@acme.example", "wrong wrong")[1].status_code == 422
    _, answer = sign_in(acme, "bob@acme.example")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    # The limit of a person is the organisation's: the same address elsewhere is somebody else …
    for _ in range(4):
        assert sign_in(globex, "bob@acme.example", "wrong wrong")[1].status_code == 422


def test_the_limit_of_an_address_counts_for_all_organisations(
    acme: Organisation, globex: Organisation
) -> None:
    statuses = [
        sign_in(organisation, f"p{number}@x.example", "wrong wrong", REMOTE_ADDR="192.0.2.7")[1].status_code
        for number in range(6)
        for organisation in (acme, globex)
    ]
    assert statuses.count(422) == 10
    assert set(statuses[10:]) == {429}


def test_keys_of_people_carry_the_organisation_and_those_by_address_do_not(acme: Organisation) -> None:
    by_address = "allauth:rl:allauth.account:login:30/60/ip:ip:192.0.2.7"
    assert cache.make_key(by_address) == f":1:{by_address}"
    assert cache.make_key("other") == ":1:other"
    used_code = "allauth.mfa.totp.used?user=1&code=123456"
    with pytest.raises(NoOrganisation):
        cache.make_key(used_code)
    with in_organisation(acme):
        assert cache.make_key(used_code) == f":1:{acme.schema_name}:{used_code}"
        cache.set("allauth.mine", 1)
    assert cache.get("mine") is None


def test_changing_the_address_needs_the_password_and_the_new_mailbox(
    bob: Any, run_jobs: Callable[[], None]
) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    change = {"action_add": "1", "email": "Robert@acme.example"}
    assert "/reauthenticate/" in browser.post("/accounts/email/", change).headers["Location"]
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.post("/accounts/email/", change)
    letter = newest_mail(run_jobs, "robert@acme.example")
    # Until it is confirmed nobody gets a new password there: it may be a slip of the finger.
    browser.post("/accounts/password/reset/", {"email": "robert@acme.example"})
    assert newest_mail(run_jobs, "robert@acme.example") == letter
    browser.post(link_in(letter.body))
    assert signed_in(sign_in(bob.organisation, "robert@acme.example")[0])
    assert sign_in(bob.organisation, "bob@acme.example")[1].status_code == 422
    with in_organisation(bob.organisation):
        bob.refresh_from_db()
        assert bob.email == "robert@acme.example"


def test_signing_in_works_while_valkey_is_away(bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise redis.ConnectionError("away")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.cache.backends.redis.RedisCacheClient.get_client", away)
        browser, answer = sign_in(bob.organisation, bob.email)
        assert answer.status_code == 302
        assert signed_in(browser)


def test_dynamic_answers_are_not_stored(bob: Any, client_of: ClientOf) -> None:
    for path in ("/me/", "/me/sessions/", "/people/", "/accounts/email/"):
        assert "no-store" in client_of(bob).get(path).headers["Cache-Control"]


def test_an_address_that_a_colleague_has_cannot_be_taken(bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = browser.post("/accounts/email/", {"action_add": "1", "email": "Alice@acme.example"})
    assert answer.status_code == 422
    assert "already has this e-mail address" in answer.content.decode()


def test_limits_of_allauths_pages_answer_429_with_a_time(acme: Organisation, client_of: ClientOf) -> None:
    browser = client_of(acme)
    for number in range(20):
        browser.post("/accounts/password/reset/", {"email": f"p{number}@x.example"})
    answer = browser.post("/accounts/password/reset/", {"email": "last@x.example"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert "parley/tokens.css" in answer.content.decode()
