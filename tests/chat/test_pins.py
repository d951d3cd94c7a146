"""Pins: who may, how many, in which order, and what pages hear of them."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from chat import pins, rooms
from chat.changes import MessageRefused, delete_message
from chat.models import Message, Room
from chat.pins import pin_message, pinned_messages, unpin_message
from chat.posts import Posted
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def pin(person: Any, room: Room, said: Posted) -> None:
    with in_organisation(person.organisation):
        pin_message(person, room.pk, said.message_id)


def stored(person: Any, room: Room) -> Room:
    with in_organisation(person.organisation):
        return Room.objects.get(pk=room.pk)


def test_a_pin_is_drawn_counted_and_told(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    said = say(alice, room, "The plan")
    heard = len(published())
    pin(bob, room, said)
    frames = [json.loads(frame) for frame in published.frames()[heard:]]
    assert [frame["type"] for frame in frames] == ["messages", "room"]  # and nothing in everybody's sidebar
    assert f'data-pinned="p{bob.pk}"' in frames[0]["content"]
    assert frames[1]["pins"] == 1
    assert (frames[1]["after"], frames[1]["revision"]) == (frames[0]["revision"], stored(bob, room).head)
    assert stored(bob, room).messages == 1  # no message tells of it


def test_again_changes_nothing(alice: Any, bob: Any, room: Room, say: Say, published: Published) -> None:
    said = say(alice, room, "The plan")
    pin(bob, room, said)
    before, heard = stored(bob, room), len(published())
    pin(alice, room, said)
    assert (stored(bob, room).head, len(published())) == (before.head, heard)
    with in_organisation(bob.organisation):
        assert Message.objects.get(pk=said.message_id).pinned_by_id == bob.pk
        for _ in range(2):
            unpin_message(alice, room.pk, said.message_id)
        assert "data-pinned" not in Message.objects.get(pk=said.message_id).html
    assert (stored(bob, room).pins, stored(bob, room).head) == (0, before.head + 2)


def test_pins_stand_in_the_order_in_which_they_were_made(alice: Any, room: Room, say: Say) -> None:
    said = [say(alice, room, text) for text in ("one", "two", "three")]
    for one in (said[2], said[0], said[1]):
        pin(alice, room, one)
    with in_organisation(alice.organisation):
        _, found = pinned_messages(alice, room.pk)
    assert [message.text for message in found] == ["three", "one", "two"]


def test_a_deleted_message_is_pinned_no_more(alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "The plan")
    pin(alice, room, said)
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said.message_id)
        assert pinned_messages(alice, room.pk)[1] == []
    assert stored(alice, room).pins == 0


def test_of_a_race_one_pin_is_counted_and_no_room_has_too_many(
    monkeypatch: pytest.MonkeyPatch, alice: Any, bob: Any, room: Room, say: Say
) -> None:
    monkeypatch.setattr(pins, "MOST_PINS", 3)
    said = [say(alice, room, f"Plan {number}") for number in range(4)]

    def run(number: int) -> str:
        try:
            pin((alice, bob)[number % 2], room, said[number // 2])
            return ""
        except MessageRefused as refused:
            return refused.code
        finally:
            leave()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(run, range(8)))
    assert set(answers) == {"", "too_many"}
    with in_organisation(alice.organisation):
        assert Message.objects.filter(pinned_at__isnull=False).count() == 3
    assert stored(alice, room).pins == 3


def test_who_may_not_pin(
    alice: Any, charlie: Any, dana: Any, mallory: Any, room: Room, public_room: Room, say: Say
) -> None:
    hidden, seen = say(alice, room, "Secret"), say(alice, public_room, "Open")
    for person in (charlie, mallory):
        with pytest.raises(Message.DoesNotExist):
            pin(person, room, hidden)
    for person, place, said in ((charlie, public_room, seen), (dana, room, hidden)):
        with pytest.raises(MessageRefused) as refused:
            pin(person, place, said)
        assert refused.value.code == "forbidden"
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    with pytest.raises(MessageRefused) as refused:
        pin(alice, room, hidden)
    assert refused.value.code == "archived"


def test_the_list_over_http(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, client_of: Browser
) -> None:
    said = say(alice, room, "The plan")
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/pin/"
    answer = client_of(bob).post(url)
    assert (answer.status_code, answer["HX-Trigger"]) == (204, "parley:pins")
    for person, may in ((bob, True), (dana, False)):
        page = client_of(person).get(f"/rooms/r{room.pk}/pins/").content.decode()
        assert "The plan" in page
        assert (url in page) is may
    room_page = client_of(bob).get(f"/rooms/r{room.pk}/").content.decode()
    assert "<span data-pins-count>1</span>" in room_page


def test_what_the_list_costs(alice: Any, room: Room, say: Say, client_of: Browser) -> None:
    browser, counted = client_of(alice), []
    for _ in range(2):
        for number in range(3):
            pin(alice, room, say(alice, room, f"Plan {number}"))
        browser.get(f"/rooms/r{room.pk}/pins/")
        with queries() as asked:
            browser.get(f"/rooms/r{room.pk}/pins/", headers={"HX-Request": "true"})
        counted.append(sum("tenants_organisation" not in query for query in asked))
    assert counted == [4, 4]  # session and person; room, messages, membership
