"""Platform operators: their organisation's host alone serves Django's admin."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import people
from tenants import hosts
from tenants.db import in_organisation
from tenants.models import Domain, Organisation
from tests.accounts.browsing import sign_in
from tests.chat.pages import listing_costs

ClientOf = Callable[[Any], Client]
SECRET = "a long enough sentence"


@pytest.fixture
def operators(acme: Organisation, globex: Organisation, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    """The operators' organisation with Olga."""
    monkeypatch.setenv("PARLEY_OPERATOR_PASSWORD", SECRET)
    out = io.StringIO()
    call_command("create_operator", "Olga@Parley.example", "--name", "Olga", stdout=out)
    assert "/admin/" in out.getvalue()
    return Organisation.objects.get(address="admin")


@pytest.fixture
def olga(operators: Organisation) -> Client:
    """Olga's browser."""
    return sign_in(operators, "olga@parley.example", SECRET)[0]


def test_operators_list_and_search(olga: Client) -> None:
    assert olga.get("/admin/").status_code == 200
    page = olga.get("/admin/tenants/organisation/").content.decode()
    assert "Acme" in page and "Globex" in page
    assert "Globex" not in olga.get("/admin/tenants/organisation/?q=acm").content.decode()
    assert "acme.localhost" in olga.get("/admin/tenants/domain/").content.decode()


@pytest.mark.parametrize(
    ("listing", "listed"), [("organisation", r"Boat \d\d"), ("domain", r"boat-\d\d\.example")]
)
def test_their_lists_cost_the_same_for_more(listing: str, listed: str, olga: Client) -> None:
    def add(number: int) -> None:
        made = Organisation.objects.create(
            name=f"Boat {number:02}",
            address=f"boat-{number:02}",
            schema_name=f"org_boat{number:02}",
            state=Organisation.State.SUSPENDED,
        )
        Domain.objects.create(domain=f"boat-{number:02}.example", tenant=made)

    # host, session and person; how many there are and how many fit, and these
    assert listing_costs(olga, f"/admin/tenants/{listing}/", add, listed) == [5, 5]


def test_operators_suspend_and_resume(
    olga: Client, acme: Organisation, bob: Any, client_of: ClientOf
) -> None:
    form = {"action": "suspend", "_selected_action": [str(acme.pk)]}
    assert olga.post("/admin/tenants/organisation/", form).status_code == 302
    hosts.forget()
    answer = client_of(acme).get("/accounts/login/")
    assert answer.status_code == 503
    assert "closed for now" in answer.content.decode()
    olga.post("/admin/tenants/organisation/", form | {"action": "resume"})
    hosts.forget()
    assert client_of(bob).get("/me/").status_code == 200


def test_the_operators_organisation_stays_open(olga: Client, operators: Organisation) -> None:
    olga.post("/admin/tenants/organisation/", {"action": "suspend", "_selected_action": [str(operators.pk)]})
    operators.refresh_from_db()
    assert operators.state == "active"


def test_nothing_is_added_changed_or_deleted_there(olga: Client, acme: Organisation) -> None:
    assert olga.get("/admin/tenants/organisation/add/").status_code == 403
    assert olga.post(f"/admin/tenants/organisation/{acme.pk}/delete/", {"post": "yes"}).status_code == 403
    assert olga.post(f"/admin/tenants/organisation/{acme.pk}/change/", {"name": "X"}).status_code == 403
    acme.refresh_from_db()
    assert acme.name == "Acme"


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/login/", "/admin/tenants/organisation/", "/admin/nonsense/", "/admin/jsi18n/"]
)
def test_there_is_no_admin_anywhere_else(
    path: str, acme: Organisation, alice: Any, client_of: ClientOf
) -> None:
    with in_organisation(acme):
        alice.is_operator = True  # counts for nothing outside of the operators' organisation
        alice.save()
    assert client_of(alice).get(path).status_code == 404
    assert client_of(acme).get(path).status_code == 404


def test_people_of_the_operators_organisation_who_are_no_operators_stay_out(operators: Organisation) -> None:
    with in_organisation(operators):
        people.create_person(email="paul@parley.example", name="Paul", role="owner", password=SECRET)
    browser, _ = sign_in(operators, "paul@parley.example", SECRET)
    assert browser.get("/admin/tenants/organisation/", follow=True).status_code == 404
    anonymous = Client(headers={"host": operators.host})
    assert anonymous.get("/admin/", follow=True).request["PATH_INFO"] == "/accounts/login/"


def test_the_command_adds_another_and_refuses_twice(
    operators: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_OPERATOR_PASSWORD")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    call_command("create_operator", "pia@parley.example", "--password-stdin", stdout=io.StringIO())
    for email, password in (
        ("pia@parley.example", SECRET),
        ("x@parley.example", "short"),
        ("nonsense", SECRET),
    ):
        monkeypatch.setenv("PARLEY_OPERATOR_PASSWORD", password)
        with pytest.raises(CommandError):
            call_command("create_operator", email, stdout=io.StringIO())
    with in_organisation(operators):
        from accounts.models import Person

        assert set(Person.objects.values_list("name", "is_operator")) == {("Olga", True), ("pia", True)}
