"""Unread counts: arithmetic that has to agree with what the timeline shows."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import rooms, signals
from chat.changes import delete_message
from chat.models import Membership, Message, Room
from chat.posts import Posted
from chat.unread import mark_read, unread_of
from tenants.db import in_organisation, leave
from tests.events import Published

Say = Callable[..., Posted]


def state(person: Any, room: Room) -> tuple[int, int, int]:
    """(unread, mentions, read position) of a person in a room."""
    with in_organisation(person.organisation):
        (found,) = (unread for unread in unread_of(person.pk) if unread.room_id == room.pk)
    return found.unread, found.mentions, found.read_position


def test_others_messages_are_unread_and_ones_own_are_not(alice: Any, bob: Any, room: Room, say: Say) -> None:
    say(bob, room, "one")
    say(bob, room, "two")
    assert state(alice, room) == (2, 0, 0)
    assert state(bob, room) == (0, 0, 2)
    say(alice, room, "I have seen it")
    assert state(alice, room) == (0, 0, 3)
    assert state(bob, room) == (1, 0, 2)


def test_a_deleted_message_is_not_unread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    first, _ = say(bob, room, "one @Alice"), say(bob, room, "two")
    assert state(alice, room) == (2, 1, 0)
    with in_organisation(bob.organisation):
        delete_message(bob, room.pk, first.message_id)
    assert state(alice, room) == (1, 0, 0)


def test_what_nobody_posted_is_not_unread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    say(bob, room, "one")
    imported = say(bob, room, "two")
    with in_organisation(bob.organisation):
        Message.objects.filter(pk=imported.message_id).update(kind="imported")
    assert state(alice, room) == (1, 0, 0)


def test_mentions_count_until_they_are_read(alice: Any, bob: Any, room: Room, say: Say) -> None:
    say(bob, room, "@Alice look")
    say(bob, room, "@room look")
    say(bob, room, "nothing")
    assert state(alice, room) == (3, 2, 0)
    with in_organisation(alice.organisation):
        mark_read(alice.pk, room.pk, 1)
    assert state(alice, room) == (2, 1, 1)


def test_reading_moves_forward_only_and_not_beyond_the_newest(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    for number in range(3):
        say(bob, room, f"message {number}")
    published()
    heard: list[int] = []

    def hear(read: list[tuple[int, int, int]], **kwargs: Any) -> None:
        heard.extend(position for _, _, position in read)

    signals.read_positions_changed.connect(hear)
    try:
        with in_organisation(alice.organisation):
            answers = [mark_read(alice.pk, room.pk, position) for position in (2, 1, 2, 99, 3)]
    finally:
        signals.read_positions_changed.disconnect(hear)
    assert [answer.read_position for answer in answers if answer] == [2, 2, 2, 3, 3]
    assert heard == [2, 3]
    frames = [msgspec.json.decode(frame) for frame in published.frames("activity")]
    read = [frame for frame in frames if frame["type"] == "unread"]
    assert [(frame["read"], frame["unread"]) for frame in read] == [(2, 1), (3, 0)]
    topics = [envelope.topics for _, envelope in published("activity") if b'"unread"' in envelope.frame[:20]]
    assert topics == [(f"person.{alice.pk}",)] * 2


def test_two_devices_read_at_once_and_the_greater_position_wins(
    alice: Any, bob: Any, room: Room, say: Say
) -> None:
    for number in range(20):
        say(bob, room, f"message {number}")

    def read(position: int) -> None:
        try:
            with in_organisation(alice.organisation):
                mark_read(alice.pk, room.pk, position)
        finally:
            leave()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, [20, *range(1, 20)]))
    assert state(alice, room) == (0, 0, 20)


def test_nobody_reads_for_a_room_they_are_not_in(
    alice: Any, charlie: Any, mallory: Any, room: Room, public_room: Room, say: Say, published: Published
) -> None:
    say(alice, room, "private")
    say(alice, public_room, "public")
    published()
    with in_organisation(charlie.organisation):
        assert mark_read(charlie.pk, room.pk, 1) is None
        assert mark_read(charlie.pk, public_room.pk, 1) is None
        assert mark_read(charlie.pk, 999_999, 1) is None
        rooms.leave_room(alice, public_room.pk)
        assert mark_read(alice.pk, public_room.pk, 1) is None
    with in_organisation(mallory.organisation):
        assert mark_read(mallory.pk, room.pk, 1) is None
    assert not any(b'"unread"' in frame[:20] for frame in published.frames())


def test_archived_and_left_rooms_have_no_badge(alice: Any, room: Room, public_room: Room) -> None:
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
        rooms.leave_room(alice, public_room.pk)
        assert {unread.room_id for unread in unread_of(alice.pk)}.isdisjoint({room.pk, public_room.pk})


@pytest.mark.parametrize("count", [1, 30])
def test_all_rooms_cost_one_query(alice: Any, count: int) -> None:
    with in_organisation(alice.organisation):
        for number in range(count):
            rooms.create_room(alice, f"Room {number} {uuid.uuid4().hex[:6]}")
        with CaptureQueriesContext(connection) as queries:
            found = unread_of(alice.pk)
        assert len(found) >= count
        assert len([query for query in queries.captured_queries if "chat_room" in query["sql"]]) == 1


def test_a_room_counts_from_the_moment_of_joining(
    bob: Any, charlie: Any, public_room: Room, say: Say
) -> None:
    say(bob, public_room, "before")
    with in_organisation(charlie.organisation):
        rooms.join_room(charlie, public_room.pk)
    say(bob, public_room, "after")
    assert state(charlie, public_room) == (1, 0, 1)
    with in_organisation(charlie.organisation):
        assert Membership.objects.get(room=public_room, person=charlie).left_at is None
