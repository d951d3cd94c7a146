"""Marking unread and marking everything read: exact counts, on all devices, whatever arrives late."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.organisation_settings import change_settings
from chat import marking, receipts, rooms, threads
from chat.changes import MessageRefused, delete_message
from chat.models import Message, Room
from chat.posts import Posted
from chat.unread import mark_read, unread_of
from notifications import inbox
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.chat.test_threads import reply, waiting
from tests.events import Published
from tests.locks import wait_for
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def state(person: Any, room: Room) -> tuple[int, int, int]:
    """(unread, mentions, read position) of a person in a room."""
    with in_organisation(person.organisation):
        (found,) = (unread for unread in unread_of(person.pk) if unread.room_id == room.pk)
    return found.unread, found.mentions, found.read_position


def unread_from(person: Any, room: Room, said: Posted) -> int:
    """Mark unread; returns the turn."""
    with in_organisation(person.organisation):
        return marking.mark_unread(person, room.pk, said.message_id).turn


def read_up_to(person: Any, room: Room, position: int, turn: int | None = None) -> None:
    with in_organisation(person.organisation):
        mark_read(person.pk, room.pk, position, turn)


def test_from_a_message_on_it_is_unread_but_for_ones_own(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = [say(bob, room, text) for text in ("one", "two @Alice", "three")]
    say(alice, room, "mine")
    assert state(alice, room) == (0, 0, 4)
    unread_from(alice, room, said[1])
    assert state(alice, room) == (2, 1, 1)
    say(bob, room, "five")
    assert state(alice, room) == (3, 1, 1)
    read_up_to(alice, room, 3)
    assert state(alice, room) == (1, 0, 3)
    say(alice, room, "answered")
    assert state(alice, room) == (0, 0, 6)


def test_a_deleted_message_of_ones_own_is_taken_off_once(alice: Any, bob: Any, room: Room, say: Say) -> None:
    first, mine = say(bob, room, "one"), say(alice, room, "mine")
    unread_from(alice, room, first)
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, mine.message_id)
    assert state(alice, room) == (1, 0, 0)


def test_marking_further_on_reads_what_stands_before(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = [say(bob, room, text) for text in ("one", "two", "three")]
    unread_from(alice, room, said[2])
    assert state(alice, room) == (1, 0, 2)


def test_what_a_page_says_by_itself_does_not_undo_it(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(bob, room, "one")
    turn = unread_from(alice, room, said)
    read_up_to(alice, room, 1, turn - 1)  # was under way
    assert state(alice, room) == (1, 0, 0)
    read_up_to(alice, room, 1, turn)
    assert state(alice, room) == (0, 0, 1)


def test_of_a_race_the_marking_stands(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = [say(bob, room, f"Number {number}") for number in range(6)]
    turn = unread_from(alice, room, said[5]) - 1

    def act(number: int) -> None:
        try:
            if number == 3:
                unread_from(alice, room, said[0])
            else:
                read_up_to(alice, room, number, turn)
        finally:
            leave()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(8)))
    assert state(alice, room) == (6, 0, 0)


async def test_all_devices_hear_of_it(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = await aside(say, bob, room, "one")
    await aside(read_up_to, alice, room, 1)
    tab, talk = await Tab.personal(alice), await Tab.room(alice, room.pk)
    await aside(unread_from, alice, room, said)
    frame = await tab.until("unread")
    assert (frame["room"], frame["unread"], frame["read"], frame["turn"]) == (f"r{room.pk}", 1, 0, 1)
    await talk.send("read", position=1, turn=0)
    await talk.send("read", position=1, turn=1)
    assert (await tab.until("unread"))["unread"] == 0
    await talk.send("read", position=1, turn="x")
    assert (await talk.until("error"))["code"] == "malformed"
    for one in (tab, talk):
        await one.close()


def test_who_may_not(
    alice: Any,
    bob: Any,
    charlie: Any,
    mallory: Any,
    room: Room,
    public_room: Room,
    say: Say,
    client_of: Browser,
) -> None:
    hidden, seen = say(alice, room, "Secret"), say(alice, public_room, "Open")
    answer = reply(bob, room, hidden, "In the thread")
    for person in (charlie, mallory):
        with pytest.raises(Message.DoesNotExist):
            unread_from(person, room, hidden)
    for person, where, said, code in (
        (charlie, public_room, seen, "forbidden"),
        (alice, room, answer, "malformed"),
    ):
        with pytest.raises(MessageRefused) as refused:
            unread_from(person, where, said)
        assert refused.value.code == code
    with in_organisation(alice.organisation):
        delete_message(alice, public_room.pk, seen.message_id)
    with pytest.raises(Message.DoesNotExist):
        unread_from(bob, public_room, seen)
    url = f"/rooms/r{room.pk}/unread/"
    assert client_of(charlie).post(url, {"message": f"m{hidden.message_id}"}).status_code == 404
    assert client_of(alice).post(url, {"message": "x"}).status_code == 422
    assert client_of(alice).post(url, {"message": f"m{hidden.message_id}"}).json()["unread"] == 0
    assert client_of(bob).post(url, {"message": f"m{hidden.message_id}"}).json()["unread"] == 1


# -- Replies ------------------------------------------------------------------------------------------------------


def counts(person: Any) -> tuple[int, int]:
    """(unread replies, mentions among them) of a person."""
    with in_organisation(person.organisation):
        return threads.unread_counts([person.pk])[person.pk]


def replies_unread_from(person: Any, room: Room, said: Posted) -> int:
    """Mark unread; returns the turn."""
    with in_organisation(person.organisation):
        return marking.mark_replies_unread(person, room.pk, said.message_id).turn


def replies_read(person: Any, room: Room, root: Posted, position: int, turn: int | None = None) -> None:
    with in_organisation(person.organisation):
        threads.mark_read(person, room.pk, root.message_id, position, turn)


def test_from_a_reply_on_its_thread_is_unread_but_for_ones_own(
    alice: Any, bob: Any, room: Room, say: Say
) -> None:
    root = say(bob, room, "Lunch?")
    said = [reply(bob, room, root, text) for text in ("one", "two @Alice")]
    mine = reply(alice, room, root, "mine")
    reply(bob, room, root, "four")
    replies_read(alice, room, root, 4)
    assert counts(alice) == (0, 0)
    replies_unread_from(alice, room, said[1])
    assert counts(alice) == (2, 1)
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, mine.message_id)
    assert counts(alice) == (2, 1)
    replies_unread_from(alice, room, said[0])
    assert counts(alice) == (3, 1)
    replies_read(alice, room, root, 2)
    assert counts(alice) == (1, 0)
    reply(alice, room, root, "answered")
    assert counts(alice) == (0, 0)
    assert state(alice, room)[:2] == (1, 0)  # the room stands where it stood


def test_who_did_not_follow_does_from_then_on(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(bob, room, "Lunch?")
    said = reply(bob, room, root, "one")
    reply(bob, room, root, "two")
    assert waiting(alice) == 0
    replies_unread_from(alice, room, said)
    assert waiting(alice) == 2
    with in_organisation(alice.organisation):
        threads.unfollow(alice, room.pk, root.message_id)
    assert waiting(alice) == 0


def test_what_a_panel_says_by_itself_does_not_undo_it(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    said = reply(bob, room, root, "@Alice")
    turn = replies_unread_from(alice, room, said)
    replies_read(alice, room, root, 1, turn - 1)  # was under way
    assert counts(alice) == (1, 1)
    replies_read(alice, room, root, 1, turn)
    assert counts(alice) == (0, 0)


def test_of_a_race_in_a_thread_the_marking_stands(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    said = [reply(bob, room, root, f"Number {number}") for number in range(6)]
    turn = replies_unread_from(alice, room, said[5])

    def act(number: int) -> None:
        try:
            if number == 3:
                replies_unread_from(alice, room, said[0])
            else:
                replies_read(alice, room, root, number, turn)
        finally:
            leave()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(8)))
    assert waiting(alice) == 6


async def test_all_devices_hear_of_a_marked_thread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = await aside(say, alice, room, "Lunch?")
    said = await aside(reply, bob, room, root, "one")
    tab, his = await Tab.personal(alice), await Tab.personal(bob)
    await aside(replies_unread_from, alice, room, said)
    frame = await tab.until("thread_unread")
    assert (frame["thread"], frame["read"], frame["turn"]) == (f"m{root.message_id}", 0, 1)
    assert (await tab.until("threads"))["unread"] == 1
    await aside(reply, alice, room, root, "two")
    await his.until("thread")
    assert not any(frame["type"] == "thread_unread" for frame in his.frames)
    for one in (tab, his):
        await one.close()


def test_who_may_not_mark_replies(
    alice: Any,
    bob: Any,
    charlie: Any,
    mallory: Any,
    room: Room,
    public_room: Room,
    say: Say,
    client_of: Browser,
) -> None:
    root, open_root = say(alice, room, "Secret"), say(alice, public_room, "Open")
    hidden, seen = reply(bob, room, root, "In the thread"), reply(bob, public_room, open_root, "Yes")
    for person in (charlie, mallory):
        with pytest.raises(Message.DoesNotExist):
            replies_unread_from(person, room, hidden)
    for person, where, said, code in (
        (charlie, public_room, seen, "forbidden"),
        (alice, room, root, "malformed"),
    ):
        with pytest.raises(MessageRefused) as refused:
            replies_unread_from(person, where, said)
        assert refused.value.code == code
    url = f"/rooms/r{room.pk}/messages/m{hidden.message_id}/thread/unread/"
    assert client_of(charlie).post(url).status_code == 404
    answer = client_of(alice).post(url).json()
    assert answer == {"thread": f"m{root.message_id}", "read": 0, "turn": 1}
    read = f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/read/"
    assert client_of(alice).post(read, {"position": "1", "turn": "0"}).status_code == 204
    assert waiting(alice) == 2  # one of them in the other room
    assert client_of(alice).post(read, {"position": "1", "turn": "x"}).status_code == 422
    assert client_of(alice).post(read, {"position": "1", "turn": "1"}).status_code == 204
    assert waiting(alice) == 1
    with in_organisation(bob.organisation):
        delete_message(bob, room.pk, hidden.message_id)
    with pytest.raises(Message.DoesNotExist):
        replies_unread_from(alice, room, hidden)


# -- Everything ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lots(alice: Any, bob: Any, room: Room, public_room: Room, say: Say) -> Posted:
    """Alice has three unread messages in two rooms, and a reply; returns the root of its thread."""
    root = say(alice, room, "Lunch?")
    for where in (room, public_room, public_room):
        say(bob, where, "Hello @Alice")
    reply(bob, room, root, "Yes")
    return root


def test_everything_is_read_and_that_is_undone(
    lots: Posted, alice: Any, room: Room, public_room: Room, client_of: Browser, published: Published
) -> None:
    browser = client_of(alice)
    before = state(alice, room), state(alice, public_room)
    heard = len(published())
    done = browser.post("/read/").json()
    assert (state(alice, room), state(alice, public_room), waiting(alice)) == ((0, 0, 2), (0, 0, 2), 0)
    frames = [json.loads(frame) for frame in published.frames()[heard:]]
    (unread,) = (frame for frame in frames if frame["type"] == "unread")
    assert {one["room"] for one in unread["rooms"]} == {f"r{room.pk}", f"r{public_room.pk}"}
    assert any(frame == {"type": "notifications", "unread": 0} for frame in frames)
    assert browser.post("/unread/", done).status_code == 204
    assert ((state(alice, room), state(alice, public_room)), waiting(alice)) == (before, 1)
    assert browser.post("/unread/", done).status_code == 204  # again: nothing fits any more
    assert (state(alice, room), waiting(alice)) == (before[0], 1)


def told(person: Any) -> set[tuple[str, int | None]]:
    """What a person's unread notifications are of."""
    with in_organisation(person.organisation):
        entries = Notification.objects.filter(person=person, read_at__isnull=True)
        return set(entries.values_list("kind", "message_id"))


def test_notifications_come_back_with_it(
    lots: Posted, alice: Any, bob: Any, room: Room, say: Say, client_of: Browser, published: Published
) -> None:
    earlier = say(bob, room, "@Alice, and this one you have seen")
    with in_organisation(alice.organisation):
        entry = Notification.objects.get(person=alice, message_id=earlier.message_id)
        inbox.open_notification(alice, entry.pk)
    before = told(alice)
    assert {kind for kind, _ in before} == {"mention", "thread"} and len(before) == 4
    browser = client_of(alice)
    done = browser.post("/read/").json()
    assert not told(alice)
    assert browser.post("/unread/", done).status_code == 204
    assert told(alice) == before
    frames = [json.loads(frame) for frame in published.frames()]
    assert [one["unread"] for one in frames if one["type"] == "notifications"][-2:] == [0, 4]


def test_one_notification_of_a_conversation_is_enough(
    alice: Any, bob: Any, say: Say, client_of: Browser
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    say(bob, direct, "Are you there?")
    done = client_of(alice).post("/read/").json()
    later = say(bob, direct, "Hello?")
    assert client_of(alice).post("/unread/", done).status_code == 204
    assert told(alice) == {("direct", later.message_id)}
    assert state(alice, direct)[0] == 2


def test_whoever_writes_while_it_is_undone(alice: Any, bob: Any, say: Say, client_of: Browser) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    say(bob, direct, "Are you there?")
    browser = client_of(alice)
    done = browser.post("/read/").json()

    def undo() -> int:
        try:
            return browser.post("/unread/", done).status_code
        finally:
            leave()

    with in_organisation(alice.organisation), ThreadPoolExecutor(1) as aside:
        with transaction.atomic():
            later = say(bob, direct, "Hello?")
            undoing = aside.submit(undo)
            wait_for(1)
        assert undoing.result() == 204
    assert told(alice) == {("direct", later.message_id)}


def test_what_was_caught_up_with_is_undone_with_its_notifications(
    lots: Posted, alice: Any, room: Room, client_of: Browser
) -> None:
    browser, before = client_of(alice), told(alice)
    browser.post(f"/rooms/r{room.pk}/read/", {"position": "2"})
    assert len(told(alice)) == len(before) - 1
    assert browser.post("/unread/", {"rooms": f"r{room.pk}:1:2"}).status_code == 204
    assert told(alice) == before


def test_undoing_takes_no_receipt_back(
    lots: Posted, alice: Any, bob: Any, room: Room, client_of: Browser
) -> None:
    browser = client_of(alice)
    done = browser.post("/read/").json()
    with in_organisation(bob.organisation):
        change_settings(alice, {"receipts": True})
        shown = receipts.seen_in(bob, room.pk)
    browser.post("/unread/", done)
    with in_organisation(bob.organisation):
        assert receipts.seen_in(bob, room.pk) == shown


def test_a_mention_in_a_thread_that_one_does_not_follow_too(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(bob, room, "Lunch?")
    reply(bob, room, root, "@Alice?")
    with in_organisation(alice.organisation):
        threads.unfollow(alice, room.pk, root.message_id)

    def counts() -> tuple[int, int]:
        with in_organisation(alice.organisation):
            return threads.unread_counts([alice.pk])[alice.pk]

    before = told(alice)
    assert counts() == (0, 1) and {kind for kind, _ in before} == {"mention"}
    done = client_of(alice).post("/read/").json()
    assert counts() == (0, 0) and not told(alice)
    assert client_of(alice).post("/unread/", done).status_code == 204
    assert counts() == (0, 1) and told(alice) == before


def test_what_was_read_further_since_stays_read(
    lots: Posted, alice: Any, bob: Any, room: Room, public_room: Room, say: Say
) -> None:
    with in_organisation(alice.organisation):
        done = marking.mark_all_read(alice)
    say(bob, room, "One more")
    read_up_to(alice, room, 3)
    with in_organisation(alice.organisation):
        threads.mark_read(alice, room.pk, lots.message_id, 1)
        marking.mark_unread_again(alice, done)
    assert (state(alice, room)[0], state(alice, public_room)[0]) == (0, 2)


def test_archived_rooms_and_rooms_of_others_are_left_alone(
    lots: Posted, alice: Any, charlie: Any, mallory: Any, room: Room, public_room: Room, client_of: Browser
) -> None:
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, public_room.pk)
        done = marking.mark_all_read(alice)
    assert [one for one, _, _ in done.rooms] == [room.pk]
    data = {"rooms": f"r{room.pk}:0:2", "threads": f"m{lots.message_id}:0:1"}
    for person in (charlie, mallory):
        assert client_of(person).post("/unread/", data).status_code == 204
    assert (state(alice, room)[0], waiting(alice)) == (0, 0)


@pytest.mark.parametrize("bad", ["r1", "r1:2", "r1:-1:2", "m1:1:2", "r1:a:b", "r1:1:2:3", f"r1:1:{2**64}"])
def test_what_makes_no_sense_is_refused(alice: Any, client_of: Browser, bad: str) -> None:
    assert client_of(alice).post("/unread/", {"rooms": bad}).status_code == 422


@pytest.mark.parametrize("bad", ["x", "2026-02-30T00:00:00+00:00", "2026-02-20T00:00:00"])
def test_a_time_that_is_none_is_refused(alice: Any, client_of: Browser, bad: str) -> None:
    assert client_of(alice).post("/unread/", {"at": bad}).status_code == 422


def test_what_it_costs(lots: Posted, alice: Any, bob: Any, room: Room, public_room: Room, say: Say) -> None:
    with in_organisation(alice.organisation):
        receipts.shown_to(alice)  # the settings are known for five seconds
        with queries() as everything:
            marking.mark_all_read(alice)
        message = Message.objects.filter(room=room, position__isnull=False).latest("position")
        with queries() as one:
            marking.mark_unread(alice, room.pk, message.pk)
        said = Message.objects.filter(thread__isnull=False).latest("pk")
        with queries() as replies:
            marking.mark_replies_unread(alice, room.pk, said.pk)
        with queries() as reading:
            threads.mark_read(alice, room.pk, said.pk, 1, 1)
        # rooms, threads, mentions there; their counts, the notifications of both kinds and how many are left; replies' count;
        # and what a process with sockets asks half a second later for all: who shares it, how far the rooms were read
        assert len(everything) == 11, everything
        assert len(one) == 4, one  # the message, the membership, the counts, the notifications
        assert len(replies) == 5, replies  # the reply, the membership, the thread, the mentions, the counts
        assert len(reading) == 6, (
            reading
        )  # the reply, its root, the thread, the mentions, its notifications, the counts
