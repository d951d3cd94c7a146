"""Forwards: a snapshot in another room, files included, and never of what the one who forwards can't see."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import attachments, rooms, snapshots
from chat.changes import MessageRefused, delete_message, edit_message
from chat.due import deliver_reminder
from chat.forwarding import forward_message
from chat.messages import post_messages
from chat.models import Attachment, Forward, Message, MessageText, Reminder, Room
from chat.posts import Post, Posted
from chat.reminders import set_reminder
from chat.search import search
from chat.search.keeping import keep
from chat.sql import clock
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tests.chat.pages import queries

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def forward(
    person: Any, room: Room, said: Posted, to: Room, text: str = "", client_id: uuid.UUID | None = None
) -> Posted:
    with in_organisation(person.organisation):
        return forward_message(person, room.pk, said.message_id, to.pk, client_id or uuid.uuid4(), text)


def stored(person: Any, posted: Posted) -> Message:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=posted.message_id)


def with_file(person: Any, room: Room, text: str = "") -> Posted:
    with in_organisation(person.organisation):
        upload = SimpleUploadedFile("notes.txt", b"row, row, row")
        number = attachments.receive(person, room.pk, upload).pk
        (posted,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), text, (number,))])
    assert isinstance(posted, Posted)
    return posted


def test_a_forward_says_what_was_said_and_not_where(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say
) -> None:
    said = say(alice, room, "The **plan** is to row")
    message = stored(bob, forward(bob, room, said, public_room, "Look at this"))
    assert (message.author_id, message.text, message.room_id) == (bob.pk, "Look at this", public_room.pk)
    assert "<strong>plan</strong>" in message.html
    assert (
        f'data-said-by="p{alice.pk}"' in message.html and f'data-origin="m{said.message_id}"' in message.html
    )
    assert room.name not in message.html and f"r{room.pk}" not in message.html


def test_what_becomes_of_the_original_changes_nothing(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say
) -> None:
    said = say(alice, room, "The plan")
    forwarded = forward(bob, room, said, public_room)
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "Another plan")
        delete_message(alice, room.pk, said.message_id)
        edit_message(bob, public_room.pk, forwarded.message_id, "With words of mine")
        assert [hit.message_id for hit in search(bob, "plan").items] == [forwarded.message_id]
    html = stored(bob, forwarded).html
    assert "The plan" in html and "With words of mine" in html


def test_deleting_a_forward_leaves_nothing(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say
) -> None:
    forwarded = forward(bob, room, say(alice, room, "The plan"), public_room)
    with in_organisation(bob.organisation):
        delete_message(bob, public_room.pk, forwarded.message_id)
        assert not Forward.objects.exists()
        assert "The plan" not in Message.objects.get(pk=forwarded.message_id).html


def test_it_is_found_and_mentions_nobody(
    alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room, say: Say
) -> None:
    forwarded = forward(bob, room, say(alice, room, "Kingfishers, @Bob and @room"), public_room)
    with in_organisation(charlie.organisation):
        assert [hit.message_id for hit in search(charlie, "kingfishers").items] == [forwarded.message_id]
    message = stored(bob, forwarded)
    assert not message.mentions_room and "data-mentions" not in message.html
    with in_organisation(bob.organisation):
        assert not message.mentions.exists()
        MessageText.objects.update(version=0)
        keep()  # as after an upgrade that indexes words in another way
        assert [hit.message_id for hit in search(charlie, "kingfishers").items] == [forwarded.message_id]


def test_sending_it_again_is_the_same(alice: Any, bob: Any, room: Room, public_room: Room, say: Say) -> None:
    said, client_id = with_file(alice, room, "With a file"), uuid.uuid4()
    first = forward(bob, room, said, public_room, "Look", client_id)
    assert forward(bob, room, said, public_room, "Look", client_id) == first
    with pytest.raises(MessageRefused) as refused:
        forward(bob, room, said, public_room, "Other words", client_id)
    assert refused.value.code == "conflict"
    with in_organisation(bob.organisation):
        assert Attachment.objects.filter(room=public_room).count() == 1
        assert not Attachment.objects.filter(message=None).exists()


def test_of_a_race_one_is_posted(alice: Any, bob: Any, room: Room, public_room: Room) -> None:
    said, client_id = with_file(alice, room), uuid.uuid4()

    def run(_: int) -> Posted:
        try:
            return forward(bob, room, said, public_room, "", client_id)
        finally:
            leave()

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(run, range(6)))) == 1
    with in_organisation(bob.organisation):
        assert Message.objects.filter(room=public_room).count() == 1
        assert Attachment.objects.filter(room=public_room).count() == 1


def test_its_files_are_the_new_rooms(
    alice: Any,
    bob: Any,
    charlie: Any,
    room: Room,
    public_room: Room,
    client_of: Browser,
    run_jobs: Callable[[], None],
) -> None:
    said = with_file(alice, room)
    forwarded = forward(bob, room, said, public_room)
    with in_organisation(bob.organisation):
        original, copy = Attachment.objects.order_by("pk")
    assert (copy.room_id, copy.message_id, copy.file) == (public_room.pk, forwarded.message_id, original.file)
    theirs, before = client_of(charlie), f"/rooms/r{room.pk}/files/f{original.pk}/"
    url = f"/rooms/r{public_room.pk}/files/f{copy.pk}/"
    assert b"".join(theirs.get(url)) == b"row, row, row"
    assert theirs.get(before).status_code == 404
    assert theirs.get(f"/rooms/r{public_room.pk}/files/f{original.pk}/").status_code == 404
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said.message_id)
    run_jobs()
    assert b"".join(theirs.get(url)) == b"row, row, row"
    with in_organisation(bob.organisation):
        delete_message(bob, public_room.pk, forwarded.message_id)
    run_jobs()
    assert not default_storage.exists(original.stored)


def test_a_forward_is_forwarded_as_what_it_passes_on(
    alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room, say: Say
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(bob, [charlie.pk])
    said = say(alice, room, "The plan")
    bare, worded = forward(bob, room, said, public_room), forward(bob, room, said, public_room, "Mine")
    with in_organisation(bob.organisation):
        again = Forward.objects.get(pk=forward(bob, public_room, bare, direct).message_id)
        both = Forward.objects.get(pk=forward(bob, public_room, worded, direct).message_id)
    assert (again.original_id, again.author_id, again.text) == (said.message_id, alice.pk, "The plan")
    assert (both.original_id, both.author_id, both.text) == (
        worded.message_id,
        bob.pk,
        "Mine\n\n> The plan",
    )


def test_who_may_not(
    alice: Any, bob: Any, charlie: Any, mallory: Any, room: Room, public_room: Room, say: Say
) -> None:
    hidden, seen = say(alice, room, "Secret"), say(alice, public_room, "Open")
    for person in (charlie, mallory):
        with pytest.raises(Message.DoesNotExist):
            forward(person, room, hidden, public_room)
    with pytest.raises(MessageRefused) as refused:
        forward(charlie, public_room, seen, room)  # sees it, and is not in the other
    assert refused.value.code == "not_found"
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, hidden.message_id)
    with pytest.raises(Message.DoesNotExist):
        forward(bob, room, hidden, public_room)
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    with pytest.raises(MessageRefused) as refused:
        forward(bob, public_room, seen, room)
    assert refused.value.code == "archived"


def test_over_http(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room, say: Say, client_of: Browser
) -> None:
    said = say(alice, room, "The plan")
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/forwards/"
    browser = client_of(bob)
    form = browser.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "The plan" in form and f'value="r{public_room.pk}"' in form
    assert "Lounge" not in client_of(dana).get(url).content.decode()
    fields = {"room": f"r{public_room.pk}", "client_id": str(uuid.uuid4()), "text": ""}
    answer = browser.post(url, fields)
    assert (answer.status_code, answer.json()["url"]) == (
        201,
        f"/rooms/r{public_room.pk}/?message={answer.json()['id']}",
    )
    for wrong in ({"room": ""}, {"room": "x"}, {"client_id": "x"}):
        assert browser.post(url, {**fields, **wrong}).status_code == 422
    for client in (client_of(charlie), client_of(dana)):
        assert client.post(url, fields).status_code == 404  # the message, and the room
    assert client_of(charlie).get(url).status_code == 404


def test_what_the_form_costs(alice: Any, room: Room, say: Say, client_of: Browser) -> None:
    said, browser, counted = say(alice, room, "The plan"), client_of(alice), []
    for turn in range(2):
        with in_organisation(alice.organisation):
            for number in range(4):
                rooms.create_room(alice, f"Room {turn} {number}")
        url = f"/rooms/r{room.pk}/messages/m{said.message_id}/forwards/"
        browser.get(url)
        with queries() as asked:
            browser.get(url, headers={"HX-Request": "true"})
        counted.append(sum("tenants_organisation" not in one for one in asked))
    assert counted == [3, 3]  # session and person; message, rooms


def test_what_is_passed_on_does_not_grow_for_ever(alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "The plan")
    for _ in range(4):
        said = forward(alice, room, said, room, "x" * 9_000)
    with in_organisation(alice.organisation):
        assert len(Forward.objects.get(pk=said.message_id).text) == snapshots.LONGEST


def test_who_is_told_of_a_forward_reads_what_it_passes_on(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "The plan, ||secretly||")
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
        forward(alice, room, said, direct)
        assert Notification.objects.get(person=bob).text == "The plan, ▒▒▒"
        forward(alice, room, said, direct, "Look")
        assert Notification.objects.get(person=bob).text == "Look"
        reminded = forward(alice, room, said, direct)
        set_reminder(bob, clock() + timedelta(minutes=1), room_id=direct.pk, message_id=reminded.message_id)
        Reminder.objects.update(due_at=clock() - timedelta(minutes=1))
        deliver_reminder(Reminder.objects.get().pk)
        assert Notification.objects.get(person=bob, kind="reminder").text == "The plan, ▒▒▒"
