"""Roles, activity and the people page: who may do what, and that an owner always remains."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import people
from accounts.models import Person
from accounts.people import LastOwner, NotAllowed
from tenants.db import in_organisation, leave
from tenants.events import ACCESS_LOST, SIGNED_OUT, UNAVAILABLE
from tenants.models import Organisation
from tests.accounts.browsing import sign_in, signed_in
from tests.events import Published

ClientOf = Callable[[Any], Client]


def make(organisation: Organisation, name: str, role: str) -> Person:
    with in_organisation(organisation):
        person = people.create_person(
            email=f"{name}@acme.example", name=name.title(), role=role, password="x" * 12
        )
    person.organisation = organisation
    return person


def now(person: Any) -> Person:
    with in_organisation(person.organisation):
        return Person.objects.get(pk=person.pk)


# -- Roles ---------------------------------------------------------------------------------------------------------


def test_an_administrator_changes_roles(
    alice: Any, bob: Any, client_of: ClientOf, published: Published
) -> None:
    answer = client_of(alice).post(f"/people/p{bob.pk}/role/", {"role": "administrator"})
    assert answer.status_code == 302
    assert now(bob).role == "administrator"
    closing = [envelope for _, envelope in published("activity") if envelope.close]
    assert [(envelope.topics, envelope.close) for envelope in closing] == [
        ((f"person.{bob.pk}",), UNAVAILABLE)
    ]


@pytest.mark.parametrize("role", ["owner", "administrator", "member", "guest"])
def test_members_and_guests_change_nothing(
    role: str, bob: Any, charlie: Any, dana: Any, client_of: ClientOf
) -> None:
    for actor in (bob, dana):
        assert client_of(actor).post(f"/people/p{charlie.pk}/role/", {"role": role}).status_code == 404
        assert (
            client_of(actor).post(f"/people/p{charlie.pk}/activation/", {"active": "no"}).status_code == 404
        )
        with in_organisation(charlie.organisation), pytest.raises(NotAllowed):
            people.change_role(actor, charlie.pk, role)
    assert now(charlie).role == "member"
    assert now(charlie).is_active


def test_administrators_cannot_touch_owners_or_make_them(
    acme: Organisation, alice: Any, bob: Any, client_of: ClientOf
) -> None:
    ada = make(acme, "ada", "administrator")
    browser = client_of(ada)
    assert browser.post(f"/people/p{alice.pk}/role/", {"role": "member"}).status_code == 409
    assert browser.post(f"/people/p{alice.pk}/activation/", {"active": "no"}).status_code == 409
    assert browser.post(f"/people/p{bob.pk}/role/", {"role": "owner"}).status_code == 409
    assert (now(alice).role, now(bob).role, now(alice).is_active) == ("owner", "member", True)


def test_the_last_owner_stays(alice: Any, client_of: ClientOf) -> None:
    browser = client_of(alice)
    answer = browser.post(f"/people/p{alice.pk}/role/", {"role": "member"})
    assert answer.status_code == 409
    assert "last owner" in answer.content.decode()
    assert browser.post(f"/people/p{alice.pk}/activation/", {"active": "no"}).status_code == 409
    assert now(alice).role == "owner" and now(alice).is_active


def test_a_deactivated_owner_does_not_count(acme: Organisation, alice: Any) -> None:
    other = make(acme, "olga", "owner")
    with in_organisation(acme):
        people.deactivate(alice, other.pk)
        with pytest.raises(LastOwner):
            people.change_role(alice, alice.pk, "member")
        people.reactivate(alice, other.pk)
        assert people.change_role(alice, alice.pk, "member").role == "member"


@pytest.mark.parametrize("act", ["demote", "deactivate"])
def test_two_owners_cannot_remove_each_other_at_once(act: str, acme: Organisation, alice: Any) -> None:
    other = make(acme, "olga", "owner")
    start, refused = threading.Barrier(2), []

    def remove(actor: Person, target: Person) -> None:
        try:
            with in_organisation(acme):
                start.wait(10)
                if act == "demote":
                    people.change_role(actor, target.pk, "member")
                else:
                    people.deactivate(actor, target.pk)
        except NotAllowed as error:
            refused.append(error)
        finally:
            leave()

    for _ in range(5):
        threads = [threading.Thread(target=remove, args=pair) for pair in ((alice, other), (other, alice))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(refused) == 1
        refused.clear()
        with in_organisation(acme):
            assert Person.objects.filter(role="owner", is_active=True).count() == 1
            Person.objects.filter(pk__in=[alice.pk, other.pk]).update(role="owner", is_active=True)


def test_a_role_that_does_not_exist_is_refused(alice: Any, bob: Any, client_of: ClientOf) -> None:
    assert client_of(alice).post(f"/people/p{bob.pk}/role/", {"role": "emperor"}).status_code == 422
    assert client_of(alice).post(f"/people/p{bob.pk}/activation/", {}).status_code == 422
    assert now(bob).role == "member"


def test_an_owner_who_was_demoted_meanwhile_decides_nothing(acme: Organisation, alice: Any, bob: Any) -> None:
    stale = make(acme, "olga", "owner")
    with in_organisation(acme):
        people.change_role(alice, stale.pk, "member")
        with pytest.raises(NotAllowed):
            people.change_role(stale, bob.pk, "owner")


# -- Activity ------------------------------------------------------------------------------------------------------


def test_deactivation_ends_sessions_and_closes_sockets(
    alice: Any, bob: Any, client_of: ClientOf, published: Published
) -> None:
    browser, _ = sign_in(bob.organisation, bob.email)
    assert signed_in(browser)
    assert client_of(alice).post(f"/people/p{bob.pk}/activation/", {"active": "no"}).status_code == 302
    assert not signed_in(browser)
    closing = {envelope.close: envelope.topics for _, envelope in published("activity") if envelope.close}
    assert closing[ACCESS_LOST] == (f"person.{bob.pk}",)
    assert SIGNED_OUT in closing
    assert now(bob).deactivated_at is not None


def test_a_deactivated_person_is_told_kindly_and_can_come_back(
    alice: Any, bob: Any, client_of: ClientOf
) -> None:
    administrator = client_of(alice)
    administrator.post(f"/people/p{bob.pk}/activation/", {"active": "no"})
    browser, answer = sign_in(bob.organisation, bob.email)
    assert answer.headers["Location"] == "/accounts/inactive/"
    assert "paused" in browser.get("/accounts/inactive/").content.decode()
    assert not signed_in(browser)
    administrator.post(f"/people/p{bob.pk}/activation/", {"active": "yes"})
    browser, _ = sign_in(bob.organisation, bob.email)
    assert signed_in(browser)
    assert now(bob).deactivated_at is None


def test_nothing_is_published_when_it_is_rolled_back(alice: Any, bob: Any, published: Published) -> None:
    with in_organisation(alice.organisation), transaction.atomic():
        people.deactivate(alice, bob.pk)
        transaction.set_rollback(True)
    assert published() == []
    assert now(bob).is_active


# -- The pages -----------------------------------------------------------------------------------------------------


def test_administrators_search_filter_sort_and_page(
    acme: Organisation, alice: Any, client_of: ClientOf
) -> None:
    for number in range(30):
        make(acme, f"zoe{number:02}", "guest")
    browser = client_of(alice)
    first = browser.get("/people/").content.decode()
    assert first.index("Alice") < first.index("Bob") < first.index("Charlie")
    assert "Page 1 of 2" in first and "Zoe29" not in first
    assert "Zoe29" in browser.get("/people/?page=2").content.decode()
    assert "Zoe29" in browser.get("/people/?sort=-name").content.decode()
    found = browser.get("/people/?q=ZOE+07").content.decode()
    assert "Zoe07" in found and "Zoe08" not in found
    owners = browser.get("/people/?role=owner").content.decode()
    assert "Alice" in owners and "Bob" not in owners
    assert "Nobody fits that" in browser.get("/people/?state=deactivated").content.decode()
    assert browser.get("/people/?page=99&sort=x&role=y&state=z").status_code == 200
    part = browser.get("/people/?q=bob", headers={"HX-Request": "true"}).content.decode()
    assert "Bob" in part and "<html" not in part


def test_members_see_active_people_without_addresses(
    alice: Any, bob: Any, charlie: Any, client_of: ClientOf
) -> None:
    with in_organisation(alice.organisation):
        people.deactivate(alice, charlie.pk)
    page = client_of(bob).get("/people/").content.decode()
    assert "Alice" in page and "Charlie" not in page and "alice@" not in page
    assert "alice@" not in client_of(bob).get(f"/people/p{alice.pk}/").content.decode()


def test_members_cannot_search_by_address(bob: Any, client_of: ClientOf) -> None:
    page = client_of(bob).get("/people/?q=acme.example").content.decode()
    assert "Nobody is called that" in page


def test_guests_see_only_themselves(alice: Any, dana: Any, client_of: ClientOf) -> None:
    browser = client_of(dana)
    assert browser.get("/people/").status_code == 404
    assert browser.get(f"/people/p{alice.pk}/").status_code == 404
    assert browser.get(f"/people/p{dana.pk}/").status_code == 200


def test_an_outsider_is_sent_to_sign_in_and_foreign_ids_are_not_found(
    acme: Organisation, alice: Any, mallory: Any, client_of: ClientOf
) -> None:
    answer = client_of(acme).get("/people/")
    assert answer.headers["Location"] == "/accounts/login/?next=/people/"
    stranger = client_of(acme)
    stranger.cookies = client_of(mallory).cookies
    assert stranger.get("/people/").status_code == 302
    assert client_of(alice).get("/people/p999999/").status_code == 404
    assert client_of(alice).post("/people/p999999/role/", {"role": "member"}).status_code == 404


def test_htmx_and_scripts_get_401_instead_of_a_page(acme: Organisation, client_of: ClientOf) -> None:
    browser = client_of(acme)
    answer = browser.get("/people/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/accounts/login/")
    assert browser.post("/me/").json()["error"]["code"] == "signed_out"


def test_names_are_escaped(acme: Organisation, alice: Any, client_of: ClientOf) -> None:
    with in_organisation(acme):
        people.create_person(email="x@acme.example", name="<img src=x onerror=alert(1)>", password=None)
    page = client_of(alice).get("/people/").content.decode()
    assert "<img src=x" not in page and "&lt;img" in page


def test_two_people_cannot_share_an_address(acme: Organisation) -> None:
    with in_organisation(acme), pytest.raises(people.EmailTaken):
        people.create_person(email="ALICE@acme.example", name="Other", password=None)
