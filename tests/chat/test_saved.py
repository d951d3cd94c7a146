"""Saved for later: whose it is, what is shown of it, and what one's own pages hear."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from chat import memberships, rooms, saved
from chat.changes import delete_message
from chat.models import Message, Room, SavedMessage
from chat.posts import Posted
from chat.signals import personal_fields
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.events import Published
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
HTMX = {"HX-Request": "true"}


def save(person: Any, room: Room, said: Posted) -> None:
    with in_organisation(person.organisation):
        saved.save_message(person, room.pk, said.message_id)


def listed(person: Any, *, done: bool = False) -> list[str]:
    with in_organisation(person.organisation):
        return [one.text for one in saved.saved_messages(person, done=done)[0]]


def counted(person: Any) -> int:
    """As the sidebar and the personal socket count; and the domain must agree."""
    with in_organisation(person.organisation):
        fields = personal_fields(person.pk)
        assert fields["saved"] == saved.open_count(person) == len(fields["saved_messages"])
        return int(fields["saved"])


def test_what_is_saved_is_open_until_it_is_done(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    said = [say(alice, room, text) for text in ("one", "two")]
    heard = len(published())
    for one in said:
        save(bob, room, one)
    assert (listed(bob), counted(bob)) == (["two", "one"], 2)
    with in_organisation(bob.organisation):
        saved.finish_message(bob, room.pk, said[1].message_id)
    assert (listed(bob), listed(bob, done=True), counted(bob)) == (["one"], ["two"], 1)
    save(bob, room, said[1])
    assert (listed(bob), listed(bob, done=True)) == (["two", "one"], [])
    with in_organisation(bob.organisation):
        saved.forget_message(bob, room.pk, said[0].message_id)
    assert (listed(bob), counted(bob)) == (["two"], 1)
    envelopes = [envelope for _, envelope in published()[heard:]]
    assert {envelope.topics for envelope in envelopes} == {(f"person.{bob.pk}",)}  # nobody else's pages
    frames = [json.loads(envelope.frame) for envelope in envelopes]
    assert [(frame["state"], frame["open"]) for frame in frames] == [
        ("open", 1),
        ("open", 2),
        ("done", 1),
        ("open", 2),
        ("", 1),
    ]


def test_again_changes_nothing(alice: Any, room: Room, say: Say, published: Published) -> None:
    said = say(alice, room, "one")
    save(alice, room, said)
    heard = len(published())
    save(alice, room, said)
    with in_organisation(alice.organisation):
        saved.finish_message(alice, room.pk, said.message_id)
        saved.finish_message(alice, room.pk, said.message_id)
        saved.forget_message(alice, room.pk, said.message_id)
        saved.forget_message(alice, room.pk, said.message_id)
        saved.finish_message(alice, room.pk, said.message_id)  # never saved
    assert len(published()) == heard + 2
    assert (listed(alice), listed(alice, done=True)) == ([], [])


def test_of_a_race_one_row_is_left(alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "one")

    def run(_: int) -> None:
        try:
            save(alice, room, said)
        finally:
            leave()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(run, range(12)))
    with in_organisation(alice.organisation):
        assert SavedMessage.objects.count() == 1


def test_what_one_can_not_see_can_not_be_saved(
    alice: Any, charlie: Any, mallory: Any, room: Room, say: Say
) -> None:
    said = say(alice, room, "Secret")
    for person in (charlie, mallory):
        with pytest.raises(Message.DoesNotExist):
            save(person, room, said)
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said.message_id)
    with pytest.raises(Message.DoesNotExist):
        save(alice, room, said)


def test_what_one_may_no_longer_read_is_not_shown(
    alice: Any, bob: Any, dana: Any, room: Room, public_room: Room, say: Say
) -> None:
    secret, gone, seen = say(alice, room, "Secret"), say(alice, room, "Gone"), say(alice, public_room, "Open")
    with in_organisation(alice.organisation):
        memberships.add_members(alice, public_room.pk, [dana.pk])
    for person in (bob, dana):
        for where, said in ((room, secret), (room, gone), (public_room, seen)):
            save(person, where, said)
        assert counted(person) == 3
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, gone.message_id)
        for person in (bob, dana):
            memberships.remove_member(alice, room.pk, person.pk)
            memberships.remove_member(alice, public_room.pk, person.pk)
    assert (listed(bob), counted(bob)) == (["Open"], 1)  # a public room is still theirs to read
    assert (listed(dana), counted(dana)) == ([], 0)  # but not a guest's
    with in_organisation(alice.organisation):
        memberships.add_members(alice, room.pk, [bob.pk])
    assert listed(bob) == ["Open", "Secret"]
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    assert counted(bob) == 2  # archived rooms stay readable


def test_over_http(alice: Any, bob: Any, charlie: Any, room: Room, say: Say, client_of: Browser) -> None:
    said = say(alice, room, "The plan")
    url, browser = f"/rooms/r{room.pk}/messages/m{said.message_id}/saved/", client_of(bob)
    assert client_of(charlie).post(url).status_code == 404
    assert browser.post(url, {"state": "lost"}).status_code == 422
    assert browser.post(url).status_code == 204
    page = browser.get("/saved/").content.decode()
    assert "The plan" in page
    assert 'id="sidebar-saved" href="/saved/" aria-current="page"' in page
    assert "The plan" not in client_of(alice).get("/saved/").content.decode()
    answer = browser.post(url, {"state": "done"})
    undo = json.loads(answer["HX-Trigger"])["parley:undo"]
    assert "The plan" not in browser.get("/saved/", headers=HTMX).content.decode()
    assert "The plan" in browser.get("/saved/?state=done", headers=HTMX).content.decode()
    assert getattr(browser, undo["method"].lower())(undo["url"], undo["fields"]).status_code == 204
    assert "The plan" in browser.get("/saved/", headers=HTMX).content.decode()
    assert browser.delete(url).status_code == 204
    assert "Nothing saved" in browser.get("/saved/").content.decode()
    assert browser.get("/saved/?page=x").status_code == 422


def test_a_long_list_comes_in_parts_and_costs_the_same(
    monkeypatch: pytest.MonkeyPatch, alice: Any, room: Room, say: Say, client_of: Browser
) -> None:
    monkeypatch.setattr(saved, "SHOWN", 4)
    browser, costs = client_of(alice), []
    for number in range(6):
        save(alice, room, say(alice, room, f"Plan {number}"))
        if number % 2:
            browser.get("/saved/")
            with queries() as asked:
                page = browser.get("/saved/").content.decode()
            costs.append(sum("tenants_organisation" not in query for query in asked))
    assert costs == [3, 3, 3]  # session and person; the list, and what stands beside
    assert "Plan 5" in page
    assert "Plan 1" not in page
    more = browser.get("/saved/?page=2", headers=HTMX).content.decode()
    assert "Plan 1" in more
    assert "Plan 2" not in more
    assert "<main" not in more


async def test_all_of_ones_pages_follow(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = await aside(say, alice, room, "The plan")
    first, second, hers = await Tab.personal(bob), await Tab.personal(bob), await Tab.personal(alice)
    await aside(save, bob, room, said)
    for tab in (first, second):
        assert (await tab.until("saved"))["message"] == f"m{said.message_id}"
    assert "saved" not in await hers.heard()
    late = await Tab.personal(bob)
    assert late.frames[-1]["saved_messages"] == [f"m{said.message_id}"]
    assert late.frames[-1]["saved"] == 1
    for tab in (first, second, hers, late):
        await tab.close()
