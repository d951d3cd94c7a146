"""Moving messages and threads: exactly once, with all that belongs to them, and for nobody who may not see them."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import Client

from accounts.organisation_settings import change_settings
from chat import attachments, blocks, moving, moving_rules, rooms, timeline
from chat.changes import MessageRefused, delete_message, edit_message
from chat.due import deliver_reminder
from chat.listing import new_poll
from chat.messages import post_messages
from chat.models import (
    Attachment,
    Mention,
    Message,
    MessageText,
    Move,
    Reaction,
    Reminder,
    Room,
    Thread,
)
from chat.moving import move_message, place_of
from chat.pins import pin_message
from chat.polls import vote
from chat.posts import Post, Posted, Refused
from chat.preferences import prefer
from chat.quotes import quotes_for
from chat.reactions import add_reaction
from chat.reminders import set_reminder
from chat.room_settings import settle_room
from chat.search import keeping, search
from chat.sql import clock
from chat.threads import follow, thread_for, unread_counts
from chat.unread import mark_read, unread_of
from chat.versions import history_of
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tenants.events import room_topic
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


@pytest.fixture
def within(alice: Any) -> Iterator[None]:
    """Inside Acme."""
    with in_organisation(alice.organisation):
        yield


@pytest.fixture
def other(alice: Any, bob: Any, charlie: Any) -> Room:
    """A private room of Alice, Bob and Charlie."""
    with in_organisation(alice.organisation):
        return rooms.create_room(alice, "Vault", Room.Kind.PRIVATE, members=[bob.pk, charlie.pk])


def reply(
    person: Any, room: Room, root: int, text: str, *, also: bool = False, files: tuple[int, ...] = ()
) -> int:
    with in_organisation(person.organisation):
        post = Post(person.pk, room.pk, uuid.uuid4(), text, files, thread_id=root, also_in_room=also)
        (posted,) = post_messages([post])
    assert isinstance(posted, Posted), posted
    return posted.message_id


def move(person: Any, room: Room, message_id: int, to: Room) -> Message:
    with in_organisation(person.organisation):
        return move_message(person, room.pk, message_id, to.pk)


def positions(room: Room) -> list[int]:
    """Of all messages that stand in the room; they have to be 1, 2, 3 …"""
    found = Message.objects.filter(room=room, position__isnull=False).order_by("position")
    return list(found.values_list("position", flat=True))


def check(*both: Room) -> None:
    """What holds in every room at any time."""
    for room in both:
        now = Room.objects.get(pk=room.pk)
        assert positions(room) == list(range(1, now.messages + 1))
        found = Message.objects.filter(room=room)
        revisions = list(found.values_list("revision", flat=True))
        assert len(revisions) == len(set(revisions)) and max(revisions, default=0) <= now.head
        times = list(found.order_by("created_at").values_list("created_at", "position"))
        assert len({time for time, _ in times}) == len(times)
        placed = [position for _, position in times if position is not None]
        assert placed == sorted(placed)
        assert now.pins == found.filter(pinned_at__isnull=False).count()


def test_a_message_leaves_a_tombstone_and_stands_at_the_end(
    alice: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    said = say(alice, room, "The plan")
    say(alice, room, "Later")
    say(alice, other, "Before")
    new = move(alice, room, said.message_id, other)
    old = Message.objects.get(pk=said.message_id)
    assert (old.position, old.text, old.kind, old.deleted_by_id) == (1, "", "moved", alice.pk)
    assert "The plan" not in old.html and other.name not in old.html and f"r{other.pk}" not in old.html
    new.refresh_from_db()
    assert (new.position, new.text, new.author_id, new.kind) == (2, "The plan", alice.pk, "post")
    assert "The plan" in new.html and "moved-mark" in new.html and room.name not in new.html
    check(room, other)


def test_everything_comes_along(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    upload = SimpleUploadedFile("notes.txt", b"row")
    number = attachments.receive(alice, room.pk, upload).pk
    (said,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "Kingfisher @Bob @Dana", (number,))])
    assert isinstance(said, Posted)
    add_reaction(bob, room.pk, said.message_id, "🎉")
    pin_message(bob, room.pk, said.message_id)
    edit_message(alice, room.pk, said.message_id, "Kingfisher! @Bob @Dana")
    new = move(alice, room, said.message_id, other)
    new.refresh_from_db()
    assert "🎉" in new.html and "data-pinned" in new.html
    assert f"/rooms/r{other.pk}/files/f{number}/" in new.html
    assert [hit.message_id for hit in search(charlie, "kingfisher").items] == [new.pk]
    assert search(dana, "kingfisher").items == []
    mention = Mention.objects.get()
    assert (mention.message_id, mention.person_id, mention.room_id, mention.position) == (
        new.pk,
        bob.pk,
        other.pk,
        new.position,
    )
    assert [len(history_of(one, other.pk, new.pk).versions) for one in (alice, bob)] == [2, 1]
    attachment = attachments.file_for(charlie, other.pk, number)
    assert (attachment.room_id, attachment.message_id) == (other.pk, new.pk)
    with pytest.raises(Attachment.DoesNotExist):
        attachments.file_for(dana, room.pk, number)
    check(room, other)


def test_files_are_found_where_they_are_now(
    alice: Any, charlie: Any, dana: Any, room: Room, other: Room, within: None
) -> None:
    """Dana is in the room that the file leaves, Charlie in the one to which it goes."""
    number = attachments.receive(alice, room.pk, SimpleUploadedFile("salaries.txt", b"whale 90000")).pk
    (said,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "", (number,))])
    assert isinstance(said, Posted)
    keeping.keep()
    Attachment.objects.filter(pk=number).update(state=Attachment.State.READY)
    keeping.keep()
    move(alice, room, said.message_id, other)

    def found(person: Any) -> list[int]:
        return [hit.room_id for hit in search(person, "whale", tab="files").files]

    assert found(dana) == [] and search(dana, "whale").counts["files"] == 0
    assert found(charlie) == [other.pk]


def test_pages_of_a_search_go_on_behind_what_was_moved(
    alice: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    _oldest, second, _newest = [say(alice, room, f"whale {number}") for number in range(3)]
    move(alice, room, second.message_id, other)
    found, before = [], None
    for _ in range(5):
        page = search(alice, "whale", before, limit=1)
        found += [hit.message_id for hit in page.items]
        before = page.next
        if before is None:
            break
    assert len(found) == len(set(found)) == 3


def test_no_relation_of_a_message_stays_behind() -> None:
    """Whatever part keeps a row for a message: moving takes it along, unless it is named here with a reason."""
    staying = {
        ("Message", "thread"),
        ("Move", "tombstone"),
    }  # tombstones of replies, and what tells where they went
    found = {
        (relation.related_model.__name__, relation.field.name)
        for relation in Message._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }
    taken = {(model.__name__, name) for model, name in moving.followers_of(Message)}
    assert taken == found - staying


def test_a_thread_moves_whole(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    said = say(alice, room, "Root")
    for number in range(3):
        reply(bob, room, said.message_id, f"Reply {number}", also=number == 1)
    deleted = reply(bob, room, said.message_id, "Never mind")
    delete_message(bob, room.pk, deleted)
    reply(alice, room, said.message_id, "The end")
    follow(dana, room.pk, said.message_id)
    reply(alice, room, said.message_id, "Really")
    before = unread_counts([dana.pk, bob.pk])
    assert before == {dana.pk: (1, 0), bob.pk: (2, 0)}
    new = move(alice, room, said.message_id, other)
    opened = thread_for(charlie, other.pk, new.pk)
    texts = list(
        Message.objects.filter(thread_id=new.pk).order_by("thread_position").values_list("text", flat=True)
    )
    assert texts == ["Reply 0", "Reply 1", "Reply 2", "", "The end", "Really"]
    assert (opened.messages, opened.living) == (6, 5)
    assert unread_counts([dana.pk, bob.pk]) == {dana.pk: (0, 0), bob.pk: (2, 0)}
    old = Message.objects.filter(thread_id=said.message_id).order_by("thread_position")
    assert [(one.thread_position, one.text) for one in old] == [(number, "") for number in range(1, 7)]
    assert positions(other) == [1, 2]  # the root, and the reply that stood in the room as well
    assert not Thread.objects.filter(pk=said.message_id).exists()
    (answer,) = post_messages([Post(bob.pk, room.pk, uuid.uuid4(), "Too late", thread_id=said.message_id)])
    assert isinstance(answer, Refused) and answer.code == "not_found"
    assert reply(charlie, other, new.pk, "Here we go on")
    check(room, other)


def test_a_poll_goes_on_there(alice: Any, bob: Any, room: Room, other: Room, within: None) -> None:
    wanted = new_poll(["Row", "Sail"], minutes=60)
    (said,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "What now?", new_list=wanted)])
    assert isinstance(said, Posted)
    vote(bob, room.pk, said.message_id, 1)
    new = move(alice, room, said.message_id, other)
    vote(bob, other.pk, new.pk, 2)
    new.refresh_from_db()
    assert "Row" in new.html and "Sail" in new.html
    assert "Row" not in Message.objects.get(pk=said.message_id).html


def test_a_reply_moves_alone(alice: Any, bob: Any, room: Room, other: Room, say: Say, within: None) -> None:
    said = say(alice, room, "Root")
    one, two = (reply(bob, room, said.message_id, text) for text in ("one", "two"))
    new = move(bob, room, two, other)
    new.refresh_from_db()
    assert (new.position, new.thread_id, new.thread_position) == (1, None, None)
    root = Message.objects.get(pk=said.message_id)
    assert 'class="thread-summary"' in root.html and ">1</a>" in root.html
    assert Thread.objects.get().tombstones == 1
    assert reply(alice, other, new.pk, "A thread of its own")
    assert one
    check(room, other)


def test_there_and_back_again(alice: Any, room: Room, other: Room, say: Say, within: None) -> None:
    said = say(alice, room, "The plan")
    there = move(alice, room, said.message_id, other)
    back = move(alice, other, there.pk, room)
    assert {move.message_id for move in Move.objects.all()} == {back.pk}
    assert {move.posted_at for move in Move.objects.all()} == {
        Move.objects.earliest("pk").tombstone.created_at
    }
    for place, message_id in ((room, said.message_id), (other, there.pk)):
        found = place_of(alice, place.pk, message_id)
        assert found is not None and found.pk == back.pk
    check(room, other)


def test_a_retry_of_its_post_finds_what_stayed(
    alice: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    client_id = uuid.uuid4()
    said = say(alice, room, "The plan", client_id)
    move(alice, room, said.message_id, other)
    (again,) = post_messages([Post(alice.pk, room.pk, client_id, "The plan")])
    assert isinstance(again, Posted)
    assert (again.message_id, again.position) == (said.message_id, said.position)
    assert Message.objects.filter(text="The plan").count() == 1


def test_what_pages_hear(
    alice: Any, bob: Any, room: Room, other: Room, say: Say, published: Published, within: None
) -> None:
    said = say(alice, room, "Secret plan")
    heads = [Room.objects.get(pk=one.pk).head for one in (room, other)]
    heard = len(published())
    new = move(alice, room, said.message_id, other)
    frames = [json.loads(frame) for frame in published.frames()[heard:]]
    messages = {frame["room"]: frame for frame in frames if frame["type"] == "messages"}
    there, here = messages[f"r{other.pk}"], messages[f"r{room.pk}"]
    assert (here["after"], here["revision"]) == (heads[0], heads[0] + 1)
    assert (there["after"], there["revision"]) == (heads[1], heads[1] + 1)
    assert "Secret plan" in there["content"] and "Secret plan" not in here["content"]
    assert f'data-id="m{said.message_id}" data-position="1"' in here["content"]
    assert f'data-origin="m{new.pk}"' in here["content"]
    activity = [(frame["room"], frame["change"]) for frame in frames if frame["type"] == "activity"]
    assert activity == [(f"r{room.pk}", "deleted"), (f"r{other.pk}", "posted")]
    changed = timeline.changed_since(Room.objects.get(pk=room.pk), heads[0])
    assert changed.fragments == [here["content"]]


def test_a_thread_is_told_in_one_publication_for_each_room(
    alice: Any, bob: Any, room: Room, other: Room, say: Say, published: Published, within: None
) -> None:
    said = say(alice, room, "Root")
    for number in range(3):
        reply(bob, room, said.message_id, f"Reply {number}", also=number != 1)
    heard = len(published("activity"))
    move(alice, room, said.message_id, other)
    topics = {room_topic(room.pk), room_topic(other.pk)}
    told = [
        [json.loads(frame) for frame in (envelope.frame, *envelope.more)]
        for _, envelope in published("activity")[heard:]
        if topics.intersection(envelope.topics)
    ]
    assert [[(frame["room"], frame["change"], frame["position"]) for frame in frames] for frames in told] == [
        [(f"r{room.pk}", "deleted", position) for position in (1, 2, 3)],
        [(f"r{other.pk}", "posted", position) for position in (1, 2, 3)],
    ]


def test_what_is_unread_follows(
    alice: Any, bob: Any, charlie: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    said = say(alice, room, "For @Bob and @Dana")
    move(alice, room, said.message_id, other)
    counts = {one.room_id: (one.unread, one.mentions) for one in unread_of(bob.pk)}
    assert (counts[room.pk], counts[other.pk]) == ((0, 0), (1, 1))
    assert {one.room_id: one.unread for one in unread_of(alice.pk)}[other.pk] == 0
    (entry,) = Notification.objects.filter(message_id__isnull=False)
    assert (entry.person_id, entry.room_id) == (bob.pk, other.pk)
    assert entry.link == f"/rooms/r{other.pk}/?message=m{entry.message_id}"


def test_who_may_not(
    alice: Any,
    bob: Any,
    charlie: Any,
    dana: Any,
    mallory: Any,
    room: Room,
    other: Room,
    public_room: Room,
    say: Say,
) -> None:
    hers, danas, seen = say(alice, room, "Alice's"), say(dana, room, "Dana's"), say(bob, public_room, "Open")
    for person in (charlie, mallory):
        with pytest.raises(Message.DoesNotExist):
            move(person, room, hers.message_id, public_room)
    refusals = [
        (bob, room, hers, other, "forbidden"),  # not his
        (dana, room, danas, other, "not_found"),  # not hers to see
        (dana, room, danas, room, "same_room"),
        (charlie, public_room, seen, other, "forbidden"),  # looks in from outside
    ]
    for person, place, said, to, code in refusals:
        with pytest.raises(MessageRefused) as refused:
            move(person, place, said.message_id, to)
        assert refused.value.code == code, (person.name, code)
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, other.pk)
    for place, said, to in ((room, hers, other),):
        with pytest.raises(MessageRefused) as refused:
            move(alice, place, said.message_id, to)
        assert refused.value.code == "archived"
    assert move(alice, room, danas.message_id, public_room).author_id == dana.pk


def test_words_of_others_stay_among_few(
    alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room, other: Room, say: Say, within: None
) -> None:
    direct = rooms.open_direct(alice, [bob.pk])
    for place, person, code in ((direct, alice, "forbidden"), (room, bob, "forbidden")):
        said = say(person, place, "Root")
        reply(bob if person == alice else alice, place, said.message_id, "Between us")
        with pytest.raises(MessageRefused) as refused:
            move(person, place, said.message_id, public_room)
        assert refused.value.code == code
    own = say(alice, direct, "Mine alone")
    assert move(alice, direct, own.message_id, public_room)
    open_ = say(bob, public_room, "Root")
    reply(alice, public_room, open_.message_id, "For everybody")
    assert move(bob, public_room, open_.message_id, other)


def test_moving_makes_nothing_younger(
    alice: Any, bob: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    said = say(bob, room, "An hour old")
    Message.objects.update(created_at=F("created_at") - timedelta(hours=1))
    change_settings(alice, {"edit_window": 15, "delete_window": 15})
    with pytest.raises(MessageRefused) as refused:
        move(bob, room, said.message_id, other)
    assert refused.value.code == "too_late"
    new = move(alice, room, said.message_id, other)
    with pytest.raises(MessageRefused) as refused:
        edit_message(bob, other.pk, new.pk, "changed")
    assert refused.value.code == "too_late"


def test_a_thread_that_is_too_long_stays(
    monkeypatch: pytest.MonkeyPatch, alice: Any, room: Room, other: Room, say: Say
) -> None:
    monkeypatch.setattr(moving_rules, "MOST_REPLIES", 1)
    said = say(alice, room, "Root")
    for _ in range(2):
        reply(alice, room, said.message_id, "more")
    with pytest.raises(MessageRefused) as refused:
        move(alice, room, said.message_id, other)
    assert refused.value.code == "too_many"


def test_old_links_lead_on(
    alice: Any,
    bob: Any,
    charlie: Any,
    dana: Any,
    mallory: Any,
    room: Room,
    other: Room,
    say: Say,
    client_of: Browser,
) -> None:
    said = say(alice, room, "The plan")
    new = move(alice, room, said.message_id, other)
    there = f"/rooms/r{other.pk}/?message=m{new.pk}"
    link = f"/rooms/r{room.pk}/?message=m{said.message_id}"
    for person in (alice, bob, charlie):  # Charlie never was in the first room
        assert client_of(person).get(link).headers["Location"] == there
    answer = client_of(charlie).get(f"/rooms/r{room.pk}/messages/m{said.message_id}/", follow=True)
    assert answer.redirect_chain[-1][0] == there
    page = client_of(dana).get(link)  # sees what stayed, and not where it went
    assert page.status_code == 200
    text = page.content.decode()
    assert f'data-highlight="m{said.message_id}"' in text and "Vault" not in text and there not in text
    with in_organisation(alice.organisation):
        rooms.remove_member(alice, room.pk, dana.pk)
    assert client_of(dana).get(link).status_code == 404
    assert client_of(mallory).get(link).status_code == 404
    for wrong in (f"/rooms/r{other.pk}/?message=m{said.message_id}", f"/rooms/r{room.pk}/?message=x"):
        assert client_of(bob).get(wrong).status_code == 404


def test_quotes_of_what_was_moved(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    said = say(alice, room, "The plan")
    new = move(alice, room, said.message_id, other)
    for person in (bob, charlie):
        assert quotes_for(person, [said.message_id])[said.message_id].message.pk == new.pk
    assert quotes_for(dana, [said.message_id])[said.message_id].message.kind == "moved"
    assert quotes_for(dana, [new.pk]) == {}


def test_over_http(alice: Any, charlie: Any, room: Room, other: Room, say: Say, client_of: Browser) -> None:
    said = say(alice, room, "The plan")
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/moves/"
    form = client_of(alice).get(url, headers={"HX-Request": "true"}).content.decode()
    assert f'value="r{other.pk}"' in form and f'value="r{room.pk}"' not in form
    assert client_of(charlie).get(url).status_code == 404
    assert client_of(charlie).post(url, {"room": f"r{other.pk}"}).status_code == 404
    assert client_of(alice).post(url, {"room": "x"}).status_code == 422
    answer = client_of(alice).post(url, {"room": f"r{other.pk}"})
    assert (answer.status_code, answer.json()["url"]) == (
        200,
        f"/rooms/r{other.pk}/?message={answer.json()['id']}",
    )
    assert client_of(alice).post(url, {"room": f"r{other.pk}"}).status_code == 404  # it is gone from here


def test_races_lose_and_double_nothing(
    alice: Any, bob: Any, room: Room, other: Room, public_room: Room, say: Say
) -> None:
    """Moves both ways, posts, replies, edits and reactions at once: what was acknowledged is there exactly once."""
    places = [room, other] * 4
    said = [say(alice, place, f"Message {number}") for number, place in enumerate(places)]
    client_ids = [uuid.uuid4() for _ in range(8)]

    def attempt(work: Callable[[], Any]) -> Any:
        try:
            with in_organisation(alice.organisation):
                return work()
        except (MessageRefused, Message.DoesNotExist):
            return None
        finally:
            leave()

    def of(number: int) -> list[Callable[[], Any]]:
        message_id, here = said[number].message_id, places[number]
        there = other if here == room else room
        post = Post(bob.pk, here.pk, client_ids[number], f"Post {number}")
        return [
            lambda: move_message(alice, here.pk, message_id, there.pk),
            lambda: move_message(alice, here.pk, message_id, public_room.pk),
            lambda: edit_message(alice, here.pk, message_id, f"Edited {number}"),
            lambda: add_reaction(bob, here.pk, message_id, "🎉"),
            lambda: post_messages([post]),
            lambda: post_messages(
                [Post(bob.pk, here.pk, uuid.uuid4(), f"Reply {number}", thread_id=message_id)]
            ),
        ]

    work = [one for number in range(8) for one in of(number)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(attempt, work))
    with in_organisation(alice.organisation):
        check(room, other, public_room)
        assert Move.objects.count() - Move.objects.filter(tombstone__thread__isnull=False).count() == 8
        for number in range(8):
            living = Message.objects.filter(deleted_at__isnull=True, author=alice)
            assert living.filter(text__in=[f"Message {number}", f"Edited {number}"]).count() == 1
            assert Message.objects.filter(text=f"Post {number}").count() == 1
        for thread in Thread.objects.all():
            counted = Message.objects.filter(thread_id=thread.pk)
            assert sorted(counted.values_list("thread_position", flat=True)) == list(
                range(1, thread.messages + 1)
            )
            assert thread.root.room_id == thread.room_id
        for message in Message.objects.exclude(thread=None):
            assert message.room_id == message.thread.room_id


def refused_code(person: Any, room: Room, message_id: int, to: Room) -> str:
    try:
        move(person, room, message_id, to)
    except MessageRefused as refused:
        return refused.code
    return ""


def test_what_was_moved_is_searched_by_its_new_time(
    alice: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    said = say(alice, room, "Kingfisher")
    new = move(alice, room, said.message_id, other)
    assert MessageText.objects.get(pk=new.pk).created_at == new.created_at


def test_moving_is_no_way_around_who_may_write(
    alice: Any, bob: Any, room: Room, public_room: Room, other: Room, say: Say, within: None
) -> None:
    his = [say(bob, room, f"Number {number}").message_id for number in range(3)]
    settle_room(alice, other.pk, announcements=True)
    assert refused_code(bob, room, his[0], other) == "announcements"
    settle_room(alice, other.pk, announcements=False, slow_seconds=30)
    assert [refused_code(bob, room, one, other) for one in his[:2]] == ["", "slow_mode"]
    with in_organisation(alice.organisation):
        (answer,) = post_messages([Post(bob.pk, other.pk, uuid.uuid4(), "And on")])
    assert isinstance(answer, Refused) and answer.code == "slow_mode"
    assert refused_code(alice, room, his[1], other) == ""
    check(room, other)


def test_nothing_is_moved_to_or_from_who_blocks(
    alice: Any, bob: Any, room: Room, say: Say, within: None
) -> None:
    direct = rooms.open_direct(alice, [bob.pk])
    his, between = say(bob, room, "Listen to me"), say(bob, direct, "Hello")
    blocks.block(alice, bob)
    assert refused_code(bob, room, his.message_id, direct) == "forbidden"
    assert refused_code(bob, direct, between.message_id, room) == "forbidden"


def test_words_of_others_are_not_taken_from_them(
    alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room, say: Say, within: None
) -> None:
    rooms.join_room(charlie, public_room.pk)
    said = say(bob, public_room, "Root")
    reply(charlie, public_room, said.message_id, "Charlie's words")
    assert refused_code(bob, public_room, said.message_id, room) == "forbidden"
    assert refused_code(alice, public_room, said.message_id, room) == ""


def test_who_is_told_of_everything_in_both_rooms(
    alice: Any, bob: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    for place in (room, other):
        prefer(bob, place.pk, notify="all")
    said = say(alice, room, "Here")
    say(alice, other, "There")
    new = move(alice, room, said.message_id, other)
    (entry,) = Notification.objects.filter(person=bob)
    assert (entry.room_id, entry.message_id == new.pk) == (other.pk, False)
    check(room, other)


def test_a_reminder_that_came_is_not_read_with_the_new_room(
    alice: Any, bob: Any, room: Room, other: Room, say: Say, within: None
) -> None:
    said = say(alice, room, "The plan")
    reminder = set_reminder(bob, clock() + timedelta(minutes=1), room_id=room.pk, message_id=said.message_id)
    Reminder.objects.update(due_at=clock() - timedelta(minutes=1))
    deliver_reminder(reminder.pk)
    new = move(alice, room, said.message_id, other)
    mark_read(bob.pk, other.pk, 10)
    entry = Notification.objects.get(person=bob)
    assert (entry.message_id, entry.read_at) == (new.pk, None)


def test_what_others_chose_stays_among_few(
    alice: Any, bob: Any, room: Room, public_room: Room, within: None
) -> None:
    direct = rooms.open_direct(alice, [bob.pk])
    for place, person, voter in ((direct, alice, bob), (room, bob, alice)):
        question = Post(person.pk, place.pk, uuid.uuid4(), "When?", new_list=new_poll(["Now", "Never"]))
        (said,) = post_messages([question])
        assert isinstance(said, Posted)
        vote(voter, place.pk, said.message_id, 2)
        assert refused_code(person, place, said.message_id, public_room) == "forbidden"


def test_counts_of_mentions_follow_at_once(
    alice: Any, bob: Any, room: Room, other: Room, say: Say, published: Published, within: None
) -> None:
    """Also of those who have their pages open: an "activity" frame does not say whom a message names."""
    said = say(alice, room, "For @Bob")
    say(alice, room, "And for @Bob")
    heard = len(published())
    move(alice, room, said.message_id, other)
    frames = [
        json.loads(envelope.frame)
        for _, envelope in published("activity")[heard:]
        if envelope.frame and f"person.{bob.pk}" in envelope.topics
    ]
    told = {
        frame["room"]: (frame["unread"], frame["mentions"]) for frame in frames if frame["type"] == "unread"
    }
    assert told == {f"r{room.pk}": (1, 1), f"r{other.pk}": (1, 1)}


def test_who_reacted_among_few_stays_there(
    alice: Any,
    bob: Any,
    charlie: Any,
    dana: Any,
    room: Room,
    other: Room,
    public_room: Room,
    say: Say,
    within: None,
) -> None:
    for source, leaves in ((room, {bob.pk}), (public_room, {bob.pk, charlie.pk})):
        said = say(alice, source, "Shipped")
        for person in (bob, dana) if source == room else (bob,):
            add_reaction(person, source.pk, said.message_id, "🎉")
        if source == public_room:
            rooms.join_room(charlie, source.pk)
            add_reaction(charlie, source.pk, said.message_id, "🎉")
        new = move(alice, source, said.message_id, other)
        assert set(Reaction.objects.filter(message=new).values_list("person_id", flat=True)) == leaves
        assert f"p{dana.pk}" not in new.html
