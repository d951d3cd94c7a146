"""Messages that are kept for some days only: what goes, what stays exact, and who is told."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.organisation_settings import change_settings
from chat import attachments, retention, rooms, timeline
from chat.files import storing
from chat.imports import Past, import_history
from chat.jobs import forget_old_messages
from chat.messages import post_messages
from chat.models import Attachment, Mention, Message, MessageText, Reaction, Room, Thread
from chat.pins import pin_message, pinned_messages
from chat.posts import Post, Posted
from chat.reactions import add_reaction
from chat.room_names import NotAllowed, RoomRefused
from chat.room_settings import AS_OTHERS, settle_room
from chat.search import search
from chat.threads import follow, unfollow
from chat.unread import unread_of
from notifications.models import Notification
from tenants.db import in_organisation
from tenants.jobs import enqueue
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def aged(person: Any, room: Room, days: int, *said: Posted) -> None:
    """As if these messages had been posted so many days earlier."""
    with in_organisation(person.organisation):
        for message in Message.objects.filter(pk__in=[one.message_id for one in said]):
            then = message.created_at - timedelta(days=days)
            Message.objects.filter(pk=message.pk).update(created_at=then)


def tidy(person: Any, room: Room) -> Room:
    with in_organisation(person.organisation):
        while retention.forget_some(room.pk):
            pass
        return Room.objects.get(pk=room.pk)


def keep(person: Any, room: Room, days: int | str) -> None:
    with in_organisation(person.organisation):
        settle_room(person, room.pk, retention_days=days)


def unread(person: Any, room: Room) -> tuple[int, int, int]:
    with in_organisation(person.organisation):
        (found,) = (one for one in unread_of(person.pk) if one.room_id == room.pk)
    return found.unread, found.mentions, found.read_position


def test_what_is_too_old_goes_with_all_that_belongs_to_it(
    alice: Any, bob: Any, room: Room, say: Say, run_jobs: Callable[[], None], published: Published
) -> None:
    with in_organisation(alice.organisation):
        upload = SimpleUploadedFile("secret.txt", b"a secret heron")
        file = attachments.receive(alice, room.pk, upload)
        stored = file.stored
        (old,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "@Bob, a secret heron", (file.pk,))])
    assert isinstance(old, Posted)
    new = say(alice, room, "A young heron")
    with in_organisation(alice.organisation):
        pin_message(alice, room.pk, old.message_id)
        add_reaction(bob, room.pk, old.message_id, "🎉")
    aged(alice, room, 31, old)
    keep(alice, room, 30)
    before, heard = tidy(bob, room), len(published())  # the first night
    assert before.first_position == 2
    with in_organisation(alice.organisation):
        blank = Message.objects.get(pk=old.message_id)
        assert (blank.text, bytes(blank.digest), blank.pinned_at) == ("", b"", None)
        assert "heron" not in blank.html
        assert "data-deleted" in blank.html
        for model in (Mention, MessageText, Reaction, Attachment):
            assert not model.objects.filter(message=old.message_id).exists()  # type: ignore[attr-defined]
        assert not Notification.objects.filter(message_id=old.message_id).exists()
        assert [hit.message_id for hit in search(alice, "heron").items] == [new.message_id]
        assert pinned_messages(alice, room.pk)[1] == []
    run_jobs()
    with pytest.raises(FileNotFoundError):
        storing.size(stored)
    assert before.pins == 0
    tidy(bob, room)
    assert len(published()) == heard  # the second night finds nothing


def test_windows_unread_and_catching_up_stay_exact(
    alice: Any,
    bob: Any,
    dana: Any,
    room: Room,
    say: Say,
    published: Published,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    old = [say(alice, room, f"@Bob, old {number}") for number in range(5)]
    new = [say(alice, room, f"@Bob, new {number}") for number in range(3)]
    aged(alice, room, 8, *old)
    keep(alice, room, 7)
    with in_organisation(alice.organisation):
        stood = Room.objects.get(pk=room.pk).head
    heard = len(published())
    after = tidy(alice, room)
    assert (after.first_position, after.messages) == (6, 8)
    assert unread(bob, room) == (3, 3, 5)
    assert unread(alice, room) == (0, 0, 8)
    frames = [json.loads(frame) for frame in published.frames(f"room.{room.pk}")]
    told = [frame for frame in frames if frame["type"] == "room" and frame["after"] >= stood]
    assert [frame["first"] for frame in told] == [3, 5, 6]
    covered = stood
    for frame in told:
        assert frame["after"] == covered  # no gap
        covered = frame["revision"]
    assert covered == after.head
    assert any(b'"unread":3' in envelope.frame for _, envelope in published()[heard:])
    with in_organisation(alice.organisation):
        window = timeline.newest(after)
        assert (window.first, window.last, window.has_older) == (6, 8, False)
        assert timeline.around(after, 2).first == 6
        changes = timeline.changed_since(after, stood)
        assert (changes.room, changes.fragments) == (True, [])
        assert all(isinstance(one, Posted) for one in new)


def test_a_reply_ages_by_itself(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Root")
    with in_organisation(bob.organisation):
        posts = [
            Post(bob.pk, room.pk, uuid.uuid4(), text, thread_id=root.message_id) for text in ("old", "new")
        ]
        old, new = post_messages(posts)
        (both,) = post_messages(
            [Post(bob.pk, room.pk, uuid.uuid4(), "both", thread_id=root.message_id, also_in_room=True)]
        )
    assert isinstance(old, Posted) and isinstance(new, Posted) and isinstance(both, Posted)
    say(bob, room, "Young")
    aged(alice, room, 40, root, old, both)
    keep(alice, room, 30)
    assert tidy(alice, room).first_position == 3
    with in_organisation(alice.organisation):
        texts = dict(Message.objects.filter(room=room).values_list("pk", "text"))
        assert [texts[one.message_id] for one in (root, old, new, both)] == ["", "", "new", ""]
        thread = Thread.objects.get(pk=root.message_id)
        assert (thread.messages, thread.tombstones) == (3, 2)
        from chat.threads import thread_for

        opened = thread_for(alice, room.pk, root.message_id)  # what is left of it can still be read
        assert opened.living == 1


def test_the_organisation_decides_where_a_room_does_not(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say, run_jobs: Callable[[], None]
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    for place in (room, public_room, direct):
        aged(alice, place, 100, say(alice, place, "Old"))
    keep(alice, public_room, 0)
    with in_organisation(alice.organisation):
        enqueue(forget_old_messages)
    run_jobs()
    with in_organisation(alice.organisation):
        assert Message.objects.filter(text="Old").count() == 3
        change_settings(alice, {"retention_days": 90})
        enqueue(forget_old_messages)
    run_jobs()
    with in_organisation(alice.organisation):
        assert list(Message.objects.filter(text="Old").values_list("room", flat=True)) == [public_room.pk]
        settle_room(alice, public_room.pk, retention_days=AS_OTHERS)
        enqueue(forget_old_messages)
    run_jobs()
    with in_organisation(alice.organisation):
        assert not Message.objects.filter(text="Old").exists()


def test_many_go_in_batches_of_a_job_each(
    alice: Any, bob: Any, room: Room, run_jobs: Callable[[], None]
) -> None:
    with in_organisation(alice.organisation):
        then = timezone.now() - timedelta(days=50)
        import_history(
            room.pk, [Past(bob.pk, f"number {n}", then) for n in range(450)], kind=Message.Kind.POST
        )
        settle_room(alice, room.pk, retention_days=30)
        enqueue(forget_old_messages)
    run_jobs()
    with in_organisation(alice.organisation):
        assert Room.objects.get(pk=room.pk).first_position == 451
        assert not Message.objects.filter(room=room).exclude(text="").exists()
    assert unread(alice, room) == (0, 0, 450)


def test_who_may_decide(alice: Any, bob: Any, room: Room, client_of: Browser) -> None:
    with in_organisation(bob.organisation):
        his = rooms.create_room(bob, "Boats")
        with pytest.raises(NotAllowed):
            settle_room(bob, his.pk, retention_days=7)
        with pytest.raises(RoomRefused) as refused:
            settle_room(alice, room.pk, retention_days=6)
        assert refused.value.code == "period_unknown"
    assert "retention_days" not in client_of(bob).get(f"/rooms/r{his.pk}/settings/").content.decode()
    browser, url = client_of(alice), f"/rooms/r{room.pk}/settings/"
    for period, kept in (("30", 30), ("0", 0), ("organisation", None)):
        browser.post(url, {"retention_days": period, "slow_seconds": "0"})
        with in_organisation(alice.organisation):
            assert Room.objects.get(pk=room.pk).retention_days == kept
    assert browser.post(url, {"retention_days": "soon", "slow_seconds": "0"}).status_code == 422


def old_talk(person: Any, other: Any, room: Room, number: int) -> None:
    """So many old messages, and as many old replies, the last of which was sent to the room as well."""
    with in_organisation(person.organisation):
        client_ids = [uuid.uuid4() for _ in range(number)]
        said = post_messages([Post(person.pk, room.pk, one, f"@{other.name}, see") for one in client_ids])
        assert isinstance(said[0], Posted)
        root = said[0].message_id
        for last in range(number):
            reply = Post(other.pk, room.pk, uuid.uuid4(), "Yes", (), root, last == number - 1)
            (answer,) = post_messages([reply])
            assert isinstance(answer, Posted)
            said.append(answer)
    aged(person, room, 40, *(one for one in said if isinstance(one, Posted)))


def test_a_batch_takes_no_longer_for_many(alice: Any, bob: Any, room: Room) -> None:
    """Who writes there waits for it: no statement, and no frame, for each message."""
    keep(alice, room, 30)
    asked = []
    for number in (3, 3, 12):
        old_talk(alice, bob, room, number)
        with in_organisation(alice.organisation), queries() as found:
            retention.forget_some(room.pk)
        asked.append(len(found))
    assert asked[1] == asked[2] < 60


def test_replies_that_went_are_told_of_without_a_gap(
    alice: Any, bob: Any, room: Room, published: Published
) -> None:
    old_talk(alice, bob, room, 4)
    with in_organisation(alice.organisation):
        pin_message(alice, room.pk, Message.objects.filter(position__isnull=True).latest("pk").pk)
        covered = Room.objects.get(pk=room.pk).head
    heard = len(published(f"room.{room.pk}"))
    keep(alice, room, 30)
    after = tidy(alice, room)
    frames = [json.loads(frame) for frame in published.frames(f"room.{room.pk}")[heard:]]
    told = [frame for frame in frames if frame["revision"] > covered]
    for frame in told:
        assert frame["after"] == covered
        covered = frame["revision"]
    assert (covered, after.pins, len(told)) == (after.head, 0, 4)
    (messages,) = (frame["content"] for frame in told if frame["type"] == "messages")
    assert (
        messages.count("data-deleted") == 4 and "thread-summary" not in messages
    )  # three replies and the root


def test_a_mention_in_a_thread_that_went_counts_no_more(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    root = say(alice, room, "Root")
    with in_organisation(alice.organisation):
        follow(bob, room.pk, root.message_id)
        unfollow(bob, room.pk, root.message_id)
        (named,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "@Bob", thread_id=root.message_id)])
    assert isinstance(named, Posted)
    aged(alice, room, 40, named)
    keep(alice, room, 30)
    heard = len(published("activity"))
    tidy(alice, room)
    frames = [
        json.loads(envelope.frame)
        for _, envelope in published("activity")[heard:]
        if envelope.frame and f"person.{bob.pk}" in envelope.topics
    ]
    assert [one["reply_mentions"] for one in frames if one["type"] == "threads"] == [0]
