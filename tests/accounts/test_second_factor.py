"""Authenticator apps, recovery codes and passkeys: encrypted at rest, bound to the host."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from tenants.db import in_organisation
from tests.accounts.browsing import sign_in, signed_in
from tests.conftest import PASSWORD

ClientOf = Callable[[Any], Client]


def set_up(browser: Client) -> str:
    """Turn an authenticator app on; returns its secret."""
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/second-factor/totp/activate/")
    secret = page.context["form"].secret
    code = f"{totp.hotp_value(secret, totp.yield_hotp_counters_from_time().__next__()):06}"
    answer = browser.post("/accounts/second-factor/totp/activate/", {"code": code})
    assert answer.status_code == 302, answer.content.decode()
    return secret


def test_the_seed_is_encrypted_and_a_code_is_asked_for(bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    secret = set_up(browser)
    with in_organisation(bob.organisation):
        stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert '"secret": "gAAAA' in stored.replace("'", '"')
    second, answer = sign_in(bob.organisation, bob.email)
    assert answer.headers["Location"].startswith("/accounts/second-factor/authenticate/")
    assert not signed_in(second)
    assert second.post("/accounts/second-factor/authenticate/", {"code": "000000"}).status_code == 422
    with in_organisation(bob.organisation):
        codes = Authenticator.objects.get(user=bob, type="recovery_codes").wrap().get_unused_codes()
    second.post("/accounts/second-factor/authenticate/", {"code": codes[0]})
    assert signed_in(second)
    third, _ = sign_in(bob.organisation, bob.email)
    assert third.post("/accounts/second-factor/authenticate/", {"code": codes[0]}).status_code == 422


def test_passkeys_belong_to_the_host(bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/second-factor/webauthn/add/")
    options = page.context["js_data"]["creation_options"]["publicKey"]
    assert options["rp"] == {"id": bob.organisation.host, "name": "Acme"}


def test_a_passkey_can_open_the_sign_in(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob.organisation)
    options = browser.get(
        "/accounts/second-factor/webauthn/login/", headers={"accept": "application/json"}
    ).json()
    assert options["request_options"]["publicKey"]["rpId"] == bob.organisation.host
    answer = browser.post("/accounts/second-factor/webauthn/login/", {"credential": '{"nonsense": 1}'})
    assert answer.status_code < 500
    assert not signed_in(browser)


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/second-factor/",
        "/accounts/second-factor/webauthn/",
        "/accounts/second-factor/webauthn/add/",
        "/accounts/second-factor/totp/activate/",
        "/accounts/second-factor/totp/deactivate/",
        "/accounts/second-factor/recovery-codes/",
        "/accounts/second-factor/recovery-codes/generate/",
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/reauthenticate/",
        "/accounts/second-factor/reauthenticate/",
        "/accounts/logout/",
        "/me/",
    ],
)
def test_every_page_draws_in_our_shell(path: str, bob: Any) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    if "deactivate" in path or "recovery" in path or "second-factor/reauth" in path:
        set_up(browser)
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "parley/tokens.css" in answer.content.decode()
    assert answer.content.decode().count("<h1") == 1
