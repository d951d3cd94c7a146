"""Blocking in direct messages: who can write where, who is told what, and what races come to."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from chat import blocks, rooms, threads, unread
from chat.changes import MessageRefused, delete_message, edit_message
from chat.messages import post_messages
from chat.models import Block, Message, Room
from chat.posts import Post, Posted, Refused
from chat.reactions import add_reaction
from chat.room_names import RoomRefused
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.chat.test_threads import reply
from tests.events import Published
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def block(person: Any, other: Any) -> None:
    with in_organisation(person.organisation):
        blocks.block(person, other)


def unblock(person: Any, other: Any) -> None:
    with in_organisation(person.organisation):
        blocks.unblock(person, other.pk)


def direct(person: Any, *others: Any) -> Room:
    with in_organisation(person.organisation):
        return rooms.open_direct(person, [one.pk for one in others])


def answer(person: Any, room: Room, text: str = "Hello") -> Posted | Refused:
    with in_organisation(person.organisation):
        (said,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), text)])
    return said


def told(person: Any) -> list[str]:
    with in_organisation(person.organisation):
        return list(Notification.objects.filter(person=person, read_at=None).values_list("text", flat=True))


def test_neither_writes_any_more_and_the_room_stays_readable(
    alice: Any, bob: Any, say: Say, client_of: Browser
) -> None:
    room = direct(alice, bob)
    said = say(bob, room, "Before")
    block(alice, bob)
    for person in (alice, bob):
        refused = answer(person, room)
        assert (
            isinstance(refused, Refused) and refused.code == "undeliverable" and "block" not in refused.detail
        )
        assert "Before" in client_of(person).get(f"/rooms/r{room.pk}/").content.decode()
    url = f"/rooms/r{room.pk}/messages/"
    assert client_of(bob).post(url, {"text": "x", "client_id": str(uuid.uuid4())}).status_code == 403
    with in_organisation(alice.organisation):
        assert rooms.open_direct(bob, [alice.pk]) == room
        for change in (
            lambda: edit_message(bob, room.pk, said.message_id, "Worse"),
            lambda: add_reaction(bob, room.pk, said.message_id, "🎉"),
        ):
            with pytest.raises(MessageRefused):
                change()
        delete_message(bob, room.pk, said.message_id)
    unblock(alice, bob)
    assert isinstance(answer(bob, room), Posted)


def test_a_retry_of_what_was_posted_before_still_answers(alice: Any, bob: Any, say: Say) -> None:
    room, name = direct(alice, bob), uuid.uuid4()
    said = say(bob, room, "Before", name)
    block(alice, bob)
    with in_organisation(bob.organisation):
        assert post_messages([Post(bob.pk, room.pk, name, "Before")]) == [said]


def test_neither_begins_the_room(alice: Any, bob: Any, charlie: Any) -> None:
    block(alice, bob)
    for person, other, mentions_it in ((bob, alice, False), (alice, bob, True)):
        with pytest.raises(RoomRefused) as refused:
            direct(person, other)
        assert ("blocked" in refused.value.detail) is mentions_it
    assert direct(bob, alice, charlie).messages == 0


def test_among_several_they_write_and_notify_nobody_who_blocked_them(
    alice: Any, bob: Any, charlie: Any, say: Say
) -> None:
    room = direct(alice, bob, charlie)
    block(alice, bob)
    root = say(bob, room, "Hello @Alice")
    reply(bob, room, root, "And in a thread")
    assert told(alice) == [] and len(told(charlie)) == 2
    say(charlie, room, "Me too")
    assert told(alice) == ["Me too"]


def test_what_is_covered_is_unread_nowhere(
    alice: Any, bob: Any, charlie: Any, say: Say, client_of: Browser, published: Published
) -> None:
    room = direct(alice, bob, charlie)
    root = say(alice, room, "Who comes?")
    say(charlie, room, "Me")
    block(alice, bob)
    say(bob, room, "@Alice, buy this")
    reply(bob, room, root, "@Alice, and this")

    def counted(person: Any) -> tuple[int, int, int, int]:
        with in_organisation(person.organisation):
            (found,) = (one for one in unread.unread_of(person.pk) if one.room_id == room.pk)
            return found.unread, found.mentions, *threads.unread_counts([person.pk])[person.pk]

    assert counted(alice) == (1, 0, 0, 0)
    assert counted(charlie)[2] == 1
    frames = [(envelope.topics, json.loads(envelope.frame or b"{}")) for _, envelope in published()]
    hers = [frame["type"] for topics, frame in frames if topics == (f"person.{alice.pk}",)]
    assert "mention" not in hers
    followers = [topics for topics, frame in frames if frame.get("type") == "thread"]
    assert f"person.{charlie.pk}" in followers[-1] and f"person.{alice.pk}" not in followers[-1]
    assert 'data-unread="1" data-mentions="0"' in client_of(alice).get("/rooms/").content.decode()
    unblock(alice, bob)
    assert counted(alice) == (2, 0, 1, 0)  # mentions that were not made stay so


def test_rooms_stay_as_they_are(alice: Any, bob: Any, room: Room, say: Say) -> None:
    block(alice, bob)
    say(bob, room, "Hello @Alice")
    assert told(alice) == ["Hello @Alice"]
    with in_organisation(alice.organisation):
        (found,) = (one for one in unread.unread_of(alice.pk) if one.room_id == room.pk)
    assert (found.unread, found.mentions) == (1, 1)


def test_nobody_but_oneself_hears_of_it(
    alice: Any, bob: Any, charlie: Any, published: Published, client_of: Browser
) -> None:
    block(alice, bob)
    block(alice, bob)
    (event, *_) = [envelope for _, envelope in published()]
    assert event.topics == (f"person.{alice.pk}",) and b"p" + str(bob.pk).encode() not in event.frame
    assert f'data-blocked="p{bob.pk}"' in client_of(alice).get("/rooms/").content.decode()
    for person in (bob, charlie):
        assert 'data-blocked=""' in client_of(person).get("/rooms/").content.decode()
        assert "blocked nobody" in client_of(person).get("/blocks/").content.decode()
    assert "Bob" in client_of(alice).get("/blocks/").content.decode()
    assert client_of(bob).post("/blocks/", {"unblock": f"p{bob.pk}"}).status_code == 302  # nothing of his
    with in_organisation(alice.organisation):
        assert Block.objects.count() == 1
    assert client_of(alice).post("/blocks/", {"unblock": f"p{bob.pk}"}).status_code == 302
    with in_organisation(alice.organisation):
        assert not Block.objects.exists()


async def test_ones_other_devices_follow(alice: Any, bob: Any) -> None:
    tab = await Tab.personal(alice)
    assert tab.frames[-1]["blocked"] == ""
    await aside(block, alice, bob)
    await tab.until("resync")
    await tab.send("resume")
    assert (await tab.until("state"))["blocked"] == f"p{bob.pk}"
    await tab.close()


def test_from_the_profile(
    alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any, client_of: Browser
) -> None:
    url, browser = f"/directory/p{bob.pk}/block/", client_of(alice)
    htmx = {"HX-Request": "true"}
    assert "Unblock" in browser.post(url, headers=htmx).content.decode()
    assert "Block in direct messages" in browser.delete(url, headers=htmx).content.decode()
    assert browser.post(f"/directory/p{alice.pk}/block/", headers=htmx).status_code == 422
    assert browser.post("/directory/p999999/block/", headers=htmx).status_code == 404
    assert client_of(dana).post(f"/directory/p{charlie.pk}/block/", headers=htmx).status_code == 404
    assert "Write to them" not in client_of(bob).get(f"/directory/p{bob.pk}/", headers=htmx).content.decode()


def test_of_a_race_nothing_is_posted_after_the_block(alice: Any, bob: Any, say: Say) -> None:
    room = direct(alice, bob)
    say(bob, room, "Before")
    standing: list[int] = []

    def act(number: int) -> Posted | Refused | None:
        try:
            if number == 6:
                block(alice, bob)
                with in_organisation(alice.organisation):
                    standing.append(Room.objects.get(pk=room.pk).messages)
                return None
            return answer(bob, room, f"Number {number}")
        finally:
            leave()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(act, range(16)))
    with in_organisation(alice.organisation):
        assert Message.objects.filter(room=room).count() == standing[0]
    assert sum(isinstance(one, Posted) for one in answers) == standing[0] - 1


def test_of_a_race_one_block_is_kept(alice: Any, bob: Any) -> None:
    def act(number: int) -> None:
        try:
            block(*((alice, bob) if number % 2 else (bob, alice)))
        finally:
            leave()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(8)))
    with in_organisation(alice.organisation):
        assert Block.objects.count() == 2


def test_a_post_costs_no_more(alice: Any, bob: Any, charlie: Any, say: Say) -> None:
    room, three = direct(alice, bob), direct(alice, bob, charlie)
    counted = []
    for blocking in (False, True):
        if blocking:
            block(alice, charlie)
        for where in (room, three):
            say(bob, where, "Hello")
            with queries() as asked:
                say(bob, where, "Hello")
            counted.append(len(asked))
    assert counted[:2] == counted[2:]
