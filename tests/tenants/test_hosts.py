"""Host and Origin decide which organisation answers; whatever is unclear is refused."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tenants import hosts, provisioning
from tenants.models import Domain, Organisation
from tests.sockets import Tab, aside, session_cookie


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("acme.localhost", "acme.localhost"),
        ("ACME.localhost:8000", "acme.localhost"),
        ("acme.localhost.", "acme.localhost"),
        ("acme.localhost:8000:9000", ""),
        ("acme.localhost/evil", ""),
        ("user@acme.localhost", ""),
        ("acme..localhost", ""),
        ("", ""),
        ("a" * 300, ""),
        ("ácme.localhost", ""),
    ],
)
def test_a_host_header_is_normalised_or_refused(header: str, host: str) -> None:
    assert hosts.normalise(header) == host


@pytest.mark.parametrize(
    "host", ["nobody.localhost", "localhost.example", "x.acme.localhost", "127.0.0.1", "evil.example"]
)
def test_unknown_hosts_are_not_found(acme: Organisation, host: str) -> None:
    assert Client(headers={"host": host}).get("/").status_code == 404


def test_a_spare_schema_has_no_address(acme: Organisation) -> None:
    spare = provisioning.make_spare()
    assert Client(headers={"host": f"{spare.schema_name}.localhost"}).get("/").status_code == 404


def test_an_own_domain_counts_once_it_is_verified(acme: Organisation) -> None:
    domain = Domain.objects.create(domain="chat.acme.example", tenant=acme, is_primary=False)
    browser = Client(headers={"host": "chat.acme.example"})
    assert browser.get("/").status_code == 404
    domain.verified_at = timezone.now()
    domain.save()
    hosts.forget()
    assert browser.get("/").status_code == 302


async def test_a_suspended_organisation_answers_503_and_loses_its_sockets(
    acme: Organisation, alice: Any
) -> None:
    session = await aside(session_cookie, alice)
    tab = await Tab.personal(alice, session=session)
    await aside(provisioning.suspend, acme)
    assert await tab.until_closed() == 4503
    assert (await aside(Client(headers={"host": acme.host}).get, "/")).status_code == 503
    with pytest.raises(ConnectionRefusedError):
        await Tab.open(alice, "/ws/me/", session=session)
    await aside(provisioning.resume, acme)
    again = await Tab.personal(alice, session=session)
    await again.close()


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://globex.localhost",
        "http://localhost",
        "http://acme.localhost:81",
        "http://acme.localhost.evil.example",
        "https://acme.localhost@evil.example",
        "file://acme.localhost",
    ],
)
async def test_a_socket_of_another_origin_is_refused(alice: Any, origin: str | None) -> None:
    with pytest.raises(ConnectionRefusedError):
        await Tab.open(alice, "/ws/me/", origin=origin)


@pytest.mark.parametrize("host", ["localhost", "nobody.localhost", "evil.example"])
async def test_a_socket_of_no_organisation_is_refused(alice: Any, host: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        await Tab.open(alice, "/ws/me/", host=host)


async def test_somebody_elses_session_opens_nothing(alice: Any, mallory: Any) -> None:
    """Mallory's cookie of Globex on Acme's host: the session does not exist there."""
    session = await aside(session_cookie, mallory)
    tab = await Tab.open(alice, "/ws/me/", session=session)
    assert await tab.until_closed() == 4401
