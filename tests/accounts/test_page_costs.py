"""What the pages of accounts ask of Postgres: the same for a few of what they list as for many, so that an N+1 shows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import groups, invitations, people, profile_fields
from accounts.models import PeopleGroup, Person
from tenants.db import in_organisation
from tests.chat.pages import listing_costs

ClientOf = Callable[[Any], Client]
DECK = "deck"  # the group whose own page is opened


@dataclass(frozen=True)
class Page:
    """A page for administrators: what adds one more of what it lists, how that is recognised, and all statements it makes,
    those of the host and of the session with its person among them."""

    path: str
    add: Callable[[Person, int], object]
    listed: str
    statements: int


def add_person(alice: Person, number: int) -> Person:
    return people.create_person(email=f"zoe{number:02}@acme.example", name=f"Zoe {number:02}")


def add_field(alice: Person, number: int) -> None:
    """One with choices, one of which Alice has chosen."""
    field = profile_fields.add_field(alice, f"Field {number:02}", "choice", ["No", f"Yes {number:02}"])
    profile_fields.fill_in(alice, {field.pk: f"Yes {number:02}"})


def add_group(alice: Person, number: int) -> None:
    made = groups.create_group(alice, f"crew-{number:02}", "Who sails")
    groups.set_member(alice, made.pk, alice.pk, is_member=True)


def add_member(alice: Person, number: int) -> None:
    deck = PeopleGroup.objects.get(handle=DECK)
    groups.set_member(alice, deck.pk, add_person(alice, number).pk, is_member=True)


def add_invitations(alice: Person, number: int) -> None:
    """By mail and by a link."""
    invitations.invite(alice, f"zoe{number:02}@acme.example", "member")
    invitations.make_link(alice, "guest")


def add_session(alice: Person, number: int) -> None:
    key = f"device-{number}"
    Session.objects.create(session_key=key, expire_date=timezone.now() + timedelta(days=1))
    UserSession.objects.create(user=alice, session_key=key, ip=f"10.0.0.{number}", user_agent="Firefox")


def add_passkey(alice: Person, number: int) -> None:
    WebAuthn.add(alice, f"Key {number:02}", {})


PAGES = {
    "people": Page("/people/", add_person, r"Zoe \d\d", 4),
    "people who fit": Page("/people/?q=zoe&role=member&sort=-seen", add_person, r"Zoe \d\d", 4),
    "a person": Page("/people/p{alice}/", add_field, r"Yes \d\d", 4),
    "groups": Page("/groups/", add_group, r"@crew-\d\d", 4),
    "a group": Page("/groups/g{deck}/", add_member, r"Zoe \d\d", 6),
    "a group and everybody": Page("/groups/g{deck}/?who=everybody", add_person, r"Zoe \d\d", 6),
    "invitations": Page("/invitations/", add_invitations, r"zoe\d\d@", 4),
    "profile fields": Page("/organisation/profile-fields/", add_field, r"Field \d\d", 3),
    "one's own profile": Page("/me/", add_field, r"Field \d\d", 5),
    "one's own sessions": Page("/me/sessions/", add_session, r"10\.0\.0\.\d+", 4),
    "one's own passkeys": Page("/accounts/second-factor/webauthn/", add_passkey, r"Key \d\d", 3),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_the_same_for_more(name: str, alice: Any, client_of: ClientOf) -> None:
    page, browser = PAGES[name], client_of(alice)
    with in_organisation(alice.organisation):
        deck = groups.create_group(alice, DECK)
    path = page.path.format(alice=alice.pk, deck=deck.pk)

    def add(number: int) -> None:
        with in_organisation(alice.organisation):
            page.add(alice, number)

    assert listing_costs(browser, path, add, page.listed) == [page.statements] * 2
