"""Everything a browser can send on a socket is answered or refused; nothing malformed changes anything."""

import json
import uuid
from typing import Any

import pytest

from chat.changes import MessageRefused, delete_message, edit_message
from chat.models import Message, Room
from tenants.db import in_organisation, in_tenant
from tests.events import Published
from tests.sockets import Tab


def count(room: Room) -> int:
    return Message.objects.filter(room=room).count()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" ", "malformed"),
        ("hello", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        ('{"body": 5}', "malformed"),
        ('{"body": {}}', "malformed"),
        ('{"body": {"type": 5}}', "malformed"),
        ('{"body": {"type": "post", "text": "x"', "malformed"),
        ("[" * 5000, "malformed"),
        ('{"body": {"type": "\\ud800"}}', "malformed"),
        ('{"body": {"type": "dance"}}', "unknown_type"),
        ('{"body": {"type": "connected"}}', "unknown_type"),
        ('{"body": {"type": "__init__"}}', "unknown_type"),
        ('{"body": {"type": "post", "client_id": "x", "text": "hello"}}', "malformed"),
        ('{"body": {"type": "post", "text": "hello"}}', "malformed"),
        ('{"body": {"type": "post", "client_id": "6b1b3f0e-6a0f-4d7c-9f5e-1a2b3c4d5e6f"}}', "malformed"),
        (
            '{"body": {"type": "post", "client_id": "6b1b3f0e-6a0f-4d7c-9f5e-1a2b3c4d5e6f", "text": ["x"]}}',
            "malformed",
        ),
        ('{"body": {"type": "read", "position": -1}}', "malformed"),
        ('{"body": {"type": "read", "position": true}}', "malformed"),
        ('{"body": {"type": "read", "position": 99999999999999999999}}', "malformed"),
        ('{"body": {"type": "ack", "revision": "x"}}', "malformed"),
        ('{"body": {"type": "resume", "revision": {}}}', "malformed"),
        ('{"body": {"type": "post", "text": "' + "x" * 70_000 + '"}}', "too_large"),
    ],
)
async def test_a_malformed_frame_is_refused_and_the_socket_lives_on(
    alice: Any, room: Room, text: str, code: str
) -> None:
    tab = await Tab.room(alice, room.pk)
    await tab.send_text(text)
    assert (await tab.until("error"))["code"] == code
    name = await tab.post("still here")
    await tab.until("posted", client_id=name)
    assert await in_tenant(alice.organisation, count, room) == 1
    await tab.close()


async def test_binary_frames_are_refused(alice: Any, room: Room) -> None:
    tab = await Tab.room(alice, room.pk)
    await tab.communicator.send_to(bytes_data=b"\x00\xff")
    assert (await tab.until("error"))["code"] == "malformed"
    await tab.close()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("   \n\t ", "empty"),
        ("\u200b\u200d\ufeff", "empty"),
        ("x" * 10_001, "too_long"),
        ("a\x00b", "malformed"),
        ("a\ud800b", "malformed"),
    ],
)
async def test_a_text_that_is_no_message_is_refused(alice: Any, room: Room, text: str, code: str) -> None:
    tab = await Tab.room(alice, room.pk)
    await tab.post(text)
    refused = await tab.until("error")
    assert refused["code"] == code and refused["detail"]
    assert await in_tenant(alice.organisation, count, room) == 0
    await tab.close()


async def test_the_longest_message_is_accepted(alice: Any, room: Room) -> None:
    tab = await Tab.room(alice, room.pk)
    name = await tab.post("ж" * 10_000)
    await tab.until("posted", client_id=name)
    await tab.close()


@pytest.mark.parametrize("frame", ["post", "typing", "read"])
async def test_nothing_is_answered_before_resume(alice: Any, room: Room, frame: str) -> None:
    tab = await Tab.open(alice, f"/ws/rooms/r{room.pk}/")
    assert await tab.silent()
    await tab.send(frame, client_id=str(uuid.uuid4()), text="x", position=1)
    assert (await tab.until("error"))["code"] == "not_resumed"
    assert await in_tenant(alice.organisation, count, room) == 0
    await tab.close()


async def test_a_flood_is_cut_off(alice: Any, room: Room) -> None:
    tab = await Tab.room(alice, room.pk)
    for _ in range(200):
        await tab.send("ack", revision=0)
    assert await tab.until_closed() == 4429


async def test_posting_too_fast_says_when_to_go_on(alice: Any, room: Room) -> None:
    tab = await Tab.room(alice, room.pk)
    for number in range(35):
        await tab.post(f"message {number}")
    while sum(frame["type"] in ("posted", "error") for frame in tab.frames) < 35:
        assert await tab.receive()
    refused = next(frame for frame in tab.frames if frame["type"] == "error")
    assert refused["code"] == "rate_limited" and refused["retry_after"] > 0
    assert uuid.UUID(refused["client_id"])
    await tab.close()


async def test_nobody_opens_a_room_they_can_not_see(charlie: Any, mallory: Any, room: Room) -> None:
    """Charlie's answer for the private room is the one for a room that does not exist; so is Mallory's."""
    for person, room_id in [(charlie, room.pk), (charlie, 999_999), (mallory, room.pk)]:
        tab = await Tab.open(person, f"/ws/rooms/r{room_id}/")
        await tab.send("resume", revision=None)
        assert await tab.until_closed() == 4404
        assert tab.frames == []


async def test_a_reader_of_a_public_room_who_is_no_member_can_not_post(
    charlie: Any, public_room: Room
) -> None:
    tab = await Tab.room(charlie, public_room.pk)
    await tab.post("hello")
    assert (await tab.until("error"))["code"] == "not_found"
    await tab.close()


@pytest.mark.parametrize(
    "path", ["/ws/", "/ws/rooms/5/", "/ws/rooms/r0/", "/ws/rooms/r99999999999999999999/", "/ws/rooms/p1/"]
)
async def test_unknown_sockets_are_refused(alice: Any, path: str) -> None:
    with pytest.raises((ConnectionRefusedError, ValueError)):
        await Tab.open(alice, path)


async def test_typing_reaches_the_others(alice: Any, bob: Any, room: Room) -> None:
    typing, reading = await Tab.room(alice, room.pk), await Tab.room(bob, room.pk)
    await typing.send("typing")
    frame = await reading.until("typing")
    assert frame == {"type": "typing", "room": f"r{room.pk}", "person": f"p{alice.pk}"}
    await typing.send("typing", thread="m7")
    assert (await reading.until("typing"))["thread"] == "m7"
    for wrong in ("r7", 7, ["m7"], {}, "m0", "m" + "9" * 30):
        await typing.send("typing", thread=wrong)
        assert (await typing.until("error"))["code"] == "malformed"
    for tab in (typing, reading):
        await tab.close()


# -- Editing and deleting ----------------------------------------------------------------------------------------


def test_only_the_author_edits_and_only_author_or_administrator_deletes(
    alice: Any, bob: Any, dana: Any, charlie: Any, room: Room, say: Any
) -> None:
    said = say(bob, room, "mine")
    with in_organisation(bob.organisation):
        for person in (alice, dana):
            with pytest.raises(MessageRefused) as refused:
                edit_message(person, room.pk, said.message_id, "theirs")
            assert refused.value.code == "forbidden"
        with pytest.raises(MessageRefused):
            delete_message(dana, room.pk, said.message_id)
        with pytest.raises(Message.DoesNotExist):
            edit_message(charlie, room.pk, said.message_id, "theirs")
        with pytest.raises(Message.DoesNotExist):
            delete_message(charlie, room.pk, said.message_id)
        assert edit_message(bob, room.pk, said.message_id, "still mine").edited_at is not None
        delete_message(alice, room.pk, said.message_id)
        tombstone = Message.objects.get(pk=said.message_id)
    assert tombstone.text == "" and tombstone.deleted_by_id == alice.pk
    assert "still mine" not in tombstone.html


def test_an_edit_publishes_one_frame_that_covers_its_revision(
    alice: Any, room: Room, say: Any, published: Published
) -> None:
    said = say(alice, room, "first")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "second")
        edit_message(alice, room.pk, said.message_id, "second")
    frames = [envelope for _, envelope in published(f"room.{room.pk}")]
    assert [(envelope.after, envelope.revision) for envelope in frames] == [
        (said.revision - 1, said.revision),
        (said.revision, said.revision + 1),
    ]
    assert {schema for schema, _ in published()} == {alice.organisation.schema_name}


def test_a_guest_names_nobody_whom_they_do_not_know(alice: Any, dana: Any, room: Room, say: Any) -> None:
    """Charlie shares no room with Dana: typing his name must not draw who he is. Bob does."""
    for text in ("@charlie?", "@bob?"):
        say(dana, room, text)
    with in_organisation(dana.organisation):
        hidden, known = Message.objects.filter(room=room).order_by("position").values_list("html", flat=True)
        edit_message(dana, room.pk, Message.objects.get(room=room, position=2).pk, "@Charlie again")
        edited = Message.objects.get(room=room, position=2).html
    assert "data-person" in known
    assert "data-person" not in hidden and "data-person" not in edited


def test_html_in_a_message_is_text(alice: Any, room: Room, say: Any) -> None:
    say(alice, room, "<script>alert(1)</script> <img src=x onerror=alert(1)> <b hx-get=/x>hi</b>")
    with in_organisation(alice.organisation):
        html = Message.objects.get(room=room).html
    for danger in ("<script", "<img", "<b "):
        assert danger not in html


def test_a_plain_message_is_small_and_costs_three_statements(
    alice: Any, room: Room, say: Any, django_assert_num_queries: Any
) -> None:
    say(alice, room, "warm")
    with in_organisation(alice.organisation):
        with django_assert_num_queries(4):  # begin, lock and look up in one round trip, insert, commit
            say(alice, room, "Shall we have lunch?")
        with django_assert_num_queries(5):  # and who might be meant
            say(alice, room, "@nobody of that name")
        assert len(Message.objects.latest("id").html) < 1024


async def test_a_frame_says_what_it_covers(alice: Any, room: Room) -> None:
    tab = await Tab.room(alice, room.pk)
    before = tab.frames[-1]["revision"]
    await tab.post("hello")
    frame = await tab.until("messages")
    assert (frame["after"], frame["revision"]) == (before, before + 1)
    assert frame["target"] == "#timeline" and frame["swap"] == "upsert key:data-position sort"
    assert json.dumps(frame).count("<article") == 1
    await tab.close()


async def test_two_browsers_of_one_person_both_see_it(alice: Any, room: Room) -> None:
    first, second = await Tab.room(alice, room.pk), await Tab.room(alice, room.pk)
    await first.post("hello")
    assert (await second.until("messages"))["content"]
    for tab in (first, second):
        await tab.close()
