"""Invitations: bound to organisation, role, expiry, number of uses and, by e-mail, to the address."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import invitations, people
from accounts.invitations import InvitationRefused
from accounts.models import Invitation, Person
from accounts.people import NotAllowed
from chat.models import Membership
from tenants.db import in_organisation, leave
from tenants.models import Organisation
from tests.accounts.browsing import link_in, newest_mail, signed_in

ClientOf = Callable[[Any], Client]
SECRET = "a long enough sentence"


def link(inviter: Any, role: str = "member", **kwargs: Any) -> str:
    """The path of a new link."""
    with in_organisation(inviter.organisation):
        return link_in(invitations.make_link(inviter, role, **kwargs).url)


def join(browser: Client, path: str, name: str = "Nora", email: str = "nora@acme.example") -> Any:
    return browser.post(
        path, {"name": name, "email": email, "password": SECRET, "time_zone": "Europe/Berlin"}
    )


def count(organisation: Organisation) -> int:
    with in_organisation(organisation):
        return Person.objects.count()


def test_by_mail_from_inviting_to_the_workspace(
    acme: Organisation, alice: Any, client_of: ClientOf, run_jobs: Callable[[], None]
) -> None:
    answer = client_of(alice).post(
        "/invitations/", {"emails": "Nora@Acme.example", "role": "member"}, follow=True
    )
    assert "1 invitation is on its way" in answer.content.decode()
    letter = newest_mail(run_jobs, "nora@acme.example")
    assert "Alice invites you" in letter.subject
    assert acme.host in letter.body
    browser = client_of(acme)
    assert "Join Acme" in browser.get(link_in(letter.body)).content.decode()
    answer = join(browser, link_in(letter.body), email="someone-else@acme.example")
    assert answer.headers["Location"] == "/"
    assert signed_in(browser)
    with in_organisation(acme):
        nora = Person.objects.get(email="nora@acme.example")
        assert (nora.name, nora.role, nora.time_zone) == ("Nora", "member", "Europe/Berlin")
        assert nora.emailaddress_set.get().verified
        assert Membership.objects.filter(person=nora, room__is_default=True).exists()
    assert client_of(acme).get(link_in(letter.body)).status_code == 410


def test_only_the_hash_is_kept_and_the_queue_is_sealed(alice: Any) -> None:
    from django.db import connection

    with in_organisation(alice.organisation):
        invitations.invite(alice, "nora@acme.example", "member")
        made = invitations.make_link(alice, "member")
        token = made.url.split("/")[-2]
        assert token not in str(Invitation.objects.values_list())
    with connection.cursor() as cursor:
        cursor.execute("select args::text from procrastinate_jobs where task_name = 'accounts.jobs.deliver'")
        (args,) = cursor.fetchone()
    assert "join" not in args and "nora" not in args


def test_a_link_lets_several_in_and_asks_them_to_confirm_their_address(
    acme: Organisation, alice: Any, client_of: ClientOf, run_jobs: Callable[[], None]
) -> None:
    path = link(alice, most_uses=2)
    browser = client_of(acme)
    assert join(browser, path).status_code == 302
    assert signed_in(browser)
    letter = newest_mail(run_jobs, "nora@acme.example")
    with in_organisation(acme):
        assert not Person.objects.get(email="nora@acme.example").emailaddress_set.get().verified
    browser.post(link_in(letter.body))
    with in_organisation(acme):
        assert Person.objects.get(email="nora@acme.example").emailaddress_set.get().verified
    assert join(client_of(acme), path, "Otto", "otto@acme.example").status_code == 302
    assert join(client_of(acme), path, "Pia", "pia@acme.example").status_code == 410


def test_uses_are_counted_under_a_race(acme: Organisation, alice: Any) -> None:
    token = link(alice, most_uses=3).split("/")[-2]
    start, outcomes = threading.Barrier(8), []

    def accept(number: int) -> None:
        try:
            with in_organisation(acme):
                start.wait(10)
                invitations.accept(token, name=f"N{number}", email=f"n{number}@acme.example", password=SECRET)
            outcomes.append("in")
        except InvitationRefused as refused:
            outcomes.append(refused.code)
        finally:
            leave()

    before = count(acme)
    threads = [threading.Thread(target=accept, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["in"] * 3 + ["used"] * 5
    assert count(acme) == before + 3


def spoil(acme: Organisation, how: str) -> None:
    with in_organisation(acme):
        entries = Invitation.objects.all()
        if how == "expired":
            entries.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif how == "revoked":
            entries.update(revoked_at=timezone.now())
        elif how == "used":
            entries.update(uses=1, most_uses=1)


@pytest.mark.parametrize(("how", "status"), [("expired", 410), ("revoked", 410), ("used", 410)])
def test_what_lets_nobody_in_says_why_and_changes_nothing(
    how: str, status: int, acme: Organisation, alice: Any, client_of: ClientOf
) -> None:
    path, before = link(alice), count(acme)
    spoil(acme, how)
    browser = client_of(acme)
    assert browser.get(path).status_code == status
    assert join(browser, path).status_code == status
    assert count(acme) == before
    assert not signed_in(browser)


def test_an_invitation_of_one_organisation_opens_no_other(
    acme: Organisation, globex: Organisation, mallory: Any, client_of: ClientOf
) -> None:
    """Zulip's CVE-2022-21706."""
    path, before = link(mallory), count(acme)
    browser = client_of(acme)
    assert browser.get(path).status_code == 404
    assert join(browser, path).status_code == 404
    assert count(acme) == before
    assert browser.get("/join/nonsense/").status_code == 404


def test_a_new_mail_replaces_the_old_token(
    acme: Organisation, alice: Any, client_of: ClientOf, run_jobs: Callable[[], None]
) -> None:
    administrator = client_of(alice)
    administrator.post("/invitations/", {"emails": "nora@acme.example", "role": "member"})
    first = link_in(newest_mail(run_jobs, "nora@acme.example").body)
    with in_organisation(acme):
        number = Invitation.objects.get().pk
    administrator.post(f"/invitations/i{number}/")
    second = link_in(newest_mail(run_jobs, "nora@acme.example").body)
    assert client_of(acme).get(first).status_code == 404
    assert client_of(acme).get(second).status_code == 200
    assert administrator.delete(f"/invitations/i{number}/").status_code == 302
    assert client_of(acme).get(second).status_code == 410
    assert administrator.post("/invitations/i999999/").status_code == 404


def test_a_link_is_shown_once(alice: Any, client_of: ClientOf) -> None:
    browser = client_of(alice)
    made = browser.post(
        "/invitations/links/", {"role": "guest", "days": "3", "most_uses": ""}
    ).content.decode()
    assert "/join/" in made
    page = browser.get("/invitations/").content.decode()
    assert "/join/" not in page and "Guest" in page
    assert browser.post("/invitations/links/", {"role": "owner", "days": "3"}).status_code == 422
    assert browser.post("/invitations/links/", {"role": "member", "days": "0"}).status_code == 422


def test_several_addresses_at_once_and_what_is_wrong_with_them(
    acme: Organisation, alice: Any, client_of: ClientOf, run_jobs: Callable[[], None]
) -> None:
    browser = client_of(alice)
    answer = browser.post(
        "/invitations/", {"emails": "a@x.example; b@x.example\nbob@acme.example", "role": "member"}
    )
    assert answer.status_code == 422
    assert "already belongs to somebody here" in answer.content.decode()
    run_jobs()
    assert {one.to[0] for one in mail.outbox} == {"a@x.example", "b@x.example"}
    assert browser.post("/invitations/", {"emails": "nonsense", "role": "member"}).status_code == 422
    assert browser.post("/invitations/", {"emails": "a@x.example\x00", "role": "member"}).status_code == 422
    many = " ".join(f"p{number}@x.example" for number in range(51))
    assert browser.post("/invitations/", {"emails": many, "role": "member"}).status_code == 422


def test_only_administrators_invite_and_not_above_themselves(
    acme: Organisation, bob: Any, dana: Any, client_of: ClientOf
) -> None:
    for actor in (bob, dana):
        browser = client_of(actor)
        assert browser.get("/invitations/").status_code == 404
        assert browser.post("/invitations/", {"emails": "a@x.example", "role": "guest"}).status_code == 404
        assert browser.post("/invitations/links/", {"role": "guest", "days": "1"}).status_code == 404
        with in_organisation(acme), pytest.raises(NotAllowed):
            invitations.invite(actor, "a@x.example", "guest")
    with in_organisation(acme):
        ada = people.create_person(email="ada@acme.example", name="Ada", role="administrator")
        with pytest.raises(NotAllowed):
            invitations.invite(ada, "a@x.example", "owner")
        assert Invitation.objects.count() == 0


def test_invitations_of_somebody_who_may_not_invite_any_more_are_dead(
    acme: Organisation, alice: Any, client_of: ClientOf
) -> None:
    with in_organisation(acme):
        ada = people.create_person(email="ada@acme.example", name="Ada", role="administrator")
        first = link_in(invitations.make_link(ada, "administrator").url)
        people.change_role(alice, ada.pk, "member")
    assert client_of(acme).get(first).status_code == 410


def test_somebody_who_is_in_already_is_told_so(
    acme: Organisation, alice: Any, bob: Any, client_of: ClientOf
) -> None:
    path = link(alice)
    assert "already in" in client_of(bob).get(path).content.decode()
    answer = join(client_of(acme), path, email="bob@acme.example")
    assert answer.status_code == 409
    with in_organisation(acme):
        assert Invitation.objects.get().uses == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "Nora\x00"},
        {"name": "!!!"},
        {"name": "x" * 81},
        {"name": "evil \u202e name"},
        {"email": "nonsense"},
        {"password": "short"},
        {"password": "nora@acme.example"},
        {"password": "password1234"},
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    wrong: dict[str, str], acme: Organisation, alice: Any, client_of: ClientOf
) -> None:
    path, before = link(alice), count(acme)
    given = {
        "name": "Nora",
        "email": "nora@acme.example",
        "password": SECRET,
        "time_zone": "Mars/Base",
    } | wrong
    answer = client_of(acme).post(path, given)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    assert count(acme) == before


def test_broken_utf8_is_refused(acme: Organisation, alice: Any, client_of: ClientOf) -> None:
    body = b"name=N%FFra&email=nora%40acme.example&password=a+long+enough+sentence"
    answer = client_of(acme).post(link(alice), body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
