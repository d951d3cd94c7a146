"""Groups that messages can name: who keeps them, and what they may be called."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import groups, people
from accounts.groups import GroupRefused, change_group, create_group, delete_group, set_member
from accounts.models import PeopleGroup, PeopleGroupMember
from accounts.people import NotAllowed
from tenants.db import in_organisation
from tests.events import Published

Browser = Callable[[Any], Client]


@pytest.fixture
def group(alice: Any, bob: Any) -> PeopleGroup:
    """@crew, with Bob."""
    with in_organisation(alice.organisation):
        made = create_group(alice, "crew", "Who sails")
        set_member(alice, made.pk, bob.pk, is_member=True)
    return made


def members(person: Any, group: PeopleGroup) -> list[int]:
    with in_organisation(person.organisation):
        return list(PeopleGroupMember.objects.filter(group=group).values_list("person_id", flat=True))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("@Crew-2", "crew-2"),
        ("on_call", "on_call"),
        ("v1.0", "v1.0"),
        ("Équipe", "équipe"),
        ("開発部", "開発部"),
    ],
)
def test_what_a_group_can_be_called(alice: Any, typed: str, stored: str) -> None:
    with in_organisation(alice.organisation):
        assert create_group(alice, typed).handle == stored


@pytest.mark.parametrize(
    "handle",
    ["", "x", "two words", "-crew", "crew-", "a/b", "a@b", "x" * 41, "room", "@Here", "everyone"],
)
def test_what_it_can_not_be_called(alice: Any, handle: str) -> None:
    with in_organisation(alice.organisation), pytest.raises(GroupRefused):
        create_group(alice, handle)


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Maria del Mar", "maria"),
        ("Maria del Mar", "mariadelmar"),
        ("Ömer Çelik", "ömer"),
        ("佐藤 美咲", "佐藤"),
    ],
)
def test_no_group_is_called_as_somebody_is(alice: Any, name: str, handle: str) -> None:
    with in_organisation(alice.organisation):
        people.create_person(email="x@acme.example", name=name)
        with pytest.raises(GroupRefused, match=name):
            create_group(alice, handle)


def test_a_handle_is_one_group_s(alice: Any, group: PeopleGroup) -> None:
    with in_organisation(alice.organisation):
        other = create_group(alice, "deck")
        for attempt in (
            lambda: create_group(alice, "CREW"),
            lambda: change_group(alice, other.pk, handle="crew"),
        ):
            with pytest.raises(GroupRefused, match="already"):
                attempt()
        assert change_group(alice, group.pk, handle="Crew", about="All").about == "All"


def test_who_is_in_it_and_what_they_hear(
    alice: Any, bob: Any, group: PeopleGroup, published: Published
) -> None:
    assert members(alice, group) == [bob.pk]
    with in_organisation(alice.organisation):
        heard = len(published())
        set_member(alice, group.pk, bob.pk, is_member=True)
        assert len(published()) == heard  # again changes nothing
        assert groups.groups_of([bob.pk, alice.pk]) == {bob.pk: f"g{group.pk}", alice.pk: ""}
        delete_group(alice, group.pk)
    (frame,) = [json.loads(one) for one in published.frames()[heard:]]
    assert frame == {"type": "groups", "groups": ""}


def test_only_administrators_keep_them(
    bob: Any, dana: Any, mallory: Any, alice: Any, group: PeopleGroup
) -> None:
    for person in (bob, dana):
        with in_organisation(person.organisation):
            for attempt in (
                lambda who=person: create_group(who, "mine"),
                lambda who=person: change_group(who, group.pk, handle="mine"),
                lambda who=person: set_member(who, group.pk, who.pk, is_member=True),
                lambda who=person: delete_group(who, group.pk),
            ):
                with pytest.raises(NotAllowed):
                    attempt()
    with in_organisation(mallory.organisation), pytest.raises(PeopleGroup.DoesNotExist):
        delete_group(mallory, group.pk)
    assert members(alice, group) == [bob.pk]


def test_nobody_who_is_deactivated_is_added(alice: Any, bob: Any, charlie: Any, group: PeopleGroup) -> None:
    with in_organisation(alice.organisation):
        people.deactivate(alice, charlie.pk)
        with pytest.raises(type(alice).DoesNotExist):
            set_member(alice, group.pk, charlie.pk, is_member=True)


def test_the_pages(alice: Any, bob: Any, charlie: Any, group: PeopleGroup, client_of: Browser) -> None:
    browser = client_of(alice)
    page = browser.get("/groups/").content.decode()
    assert "@crew" in page and "1 person" in page
    assert "@crew" not in browser.get("/groups/?q=deck").content.decode()
    answer = browser.post("/groups/", {"handle": "@Deck", "about": "Who scrubs"})
    with in_organisation(alice.organisation):
        made = PeopleGroup.objects.get(handle="deck")
    assert answer.headers["Location"] == f"/groups/g{made.pk}/"
    refused = browser.post("/groups/", {"handle": "Bob"})
    assert refused.status_code == 422 and "would be Bob as well" in refused.content.decode()
    url = f"/groups/g{made.pk}/"
    added = browser.post(
        f"{url}members/p{bob.pk}/?who=members", {"member": "yes"}, headers={"HX-Request": "true"}
    )
    assert "1 person is in the group" in added.content.decode() and "Charlie" not in added.content.decode()
    assert members(alice, made) == [bob.pk]
    unscripted = browser.post(f"{url}members/p{bob.pk}/?who=everybody", {"member": "yes"})
    assert unscripted.status_code == 302
    assert unscripted.headers["Location"].endswith(f"{url}?who=everybody#member-{bob.pk}")
    for data in ({}, {"member": "perhaps"}):
        assert browser.post(f"{url}members/p{bob.pk}/", data).status_code == 422
    assert browser.post(f"{url}members/p999/", {"member": "yes"}).status_code == 404
    assert browser.post(url, {"handle": "deckhands"}).status_code == 302
    assert browser.post(url, {"delete": "1"}).headers["Location"] == "/groups/"
    assert browser.get(url).status_code == browser.post(url, {"delete": "1"}).status_code == 404
