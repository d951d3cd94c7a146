"""The delivery promise (DESIGN 2): stored exactly once, in one order, and every reader comes to know of it."""

import asyncio
import itertools
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts import people
from chat import rooms
from chat.changes import delete_message, edit_message
from chat.messages import post_messages
from chat.models import Message, Room
from chat.posts import Post, Posted, Refused
from tenants import publisher
from tenants.db import in_organisation, in_tenant
from tenants.models import Organisation
from tenants.sockets import MOST_FRAMES
from tests import servers
from tests.events import Published
from tests.sockets import Tab, aside, session_cookie

Say = Callable[..., Posted]


def positions(frame: dict[str, Any]) -> list[int]:
    return [int(number) for number in re.findall(r'data-position="(\d+)"', frame["content"])]


def seen(tab: Tab) -> list[int]:
    """All positions that a tab was sent, in order."""
    return [position for frame in tab.frames if frame["type"] == "messages" for position in positions(frame)]


def post(person: Any, room: Room, text: str, client_id: uuid.UUID) -> Posted | Refused:
    with in_organisation(person.organisation):
        return post_messages([Post(person.pk, room.pk, client_id, text)])[0]


# -- Exactly once ------------------------------------------------------------------------------------------------


def test_sending_again_returns_the_first_result(alice: Any, room: Room, published: Published) -> None:
    name = uuid.uuid4()
    first = post(alice, room, "Hello", name)
    assert isinstance(first, Posted)
    events = len(published())
    assert post(alice, room, "Hello", name) == first
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, first.message_id, "Hello all")
        again = post_messages([Post(alice.pk, room.pk, name, "Hello")])[0]
        assert isinstance(again, Posted) and again.message_id == first.message_id
        delete_message(alice, room.pk, first.message_id)
        assert isinstance(post_messages([Post(alice.pk, room.pk, name, "Hello")])[0], Posted)
        assert Message.objects.filter(room=room).count() == 1
    assert len(published("room." + str(room.pk))) == 3
    assert events == 2  # the room's frame and the activity


def test_another_text_under_the_same_name_is_a_conflict(alice: Any, room: Room, public_room: Room) -> None:
    name = uuid.uuid4()
    post(alice, room, "Hello", name)
    other_text, other_room = post(alice, room, "Goodbye", name), post(alice, public_room, "Hello", name)
    assert isinstance(other_text, Refused) and other_text.code == "conflict"
    assert isinstance(other_room, Refused) and other_room.code == "conflict"


def test_the_same_name_of_two_people_is_two_messages(alice: Any, bob: Any, room: Room) -> None:
    name = uuid.uuid4()
    first, second = post(alice, room, "Hello", name), post(bob, room, "Hello", name)
    assert isinstance(first, Posted) and isinstance(second, Posted)
    assert second.position == first.position + 1


def test_one_bad_post_of_a_batch_fails_alone(alice: Any, charlie: Any, room: Room) -> None:
    ids = [uuid.uuid4() for _ in range(5)]
    batch = [
        Post(alice.pk, room.pk, ids[0], "one"),
        Post(charlie.pk, room.pk, ids[1], "let me in"),
        Post(alice.pk, room.pk, ids[2], "\x00"),
        Post(alice.pk, 999_999, ids[3], "nowhere"),
        Post(alice.pk, room.pk, ids[4], "two"),
    ]
    with in_organisation(alice.organisation):
        answers = post_messages(batch)
    codes = [answer.code if isinstance(answer, Refused) else answer.position for answer in answers]
    assert codes == [1, "not_found", "malformed", "not_found", 2]


async def test_fifty_concurrent_senders_leave_no_gap(
    acme: Organisation, alice: Any, bob: Any, room: Room
) -> None:
    def one(number: int) -> Posted | Refused:
        author = (alice, bob)[number % 2]
        return post_messages([Post(author.pk, room.pk, uuid.uuid4(), f"message {number}")])[0]

    answers = await asyncio.gather(*(in_tenant(acme, one, number) for number in range(50)))
    assert sorted(answer.position for answer in answers if isinstance(answer, Posted)) == list(range(1, 51))

    def stored() -> tuple[list[Any], int, int]:
        now = Room.objects.get(pk=room.pk)
        rows = list(
            Message.objects.filter(room=room).order_by("position").values_list("position", "created_at")
        )
        return rows, now.messages, now.head - room.head

    rows, messages, changes = await in_tenant(acme, stored)
    assert [position for position, _ in rows] == list(range(1, 51))
    assert messages == changes == 50
    times = [created_at for _, created_at in rows]
    assert all(earlier < later for earlier, later in itertools.pairwise(times))


async def test_posts_of_many_sockets_are_acknowledged_and_arrive_in_one_order(
    alice: Any, bob: Any, room: Room
) -> None:
    tabs = [await Tab.room(person, room.pk) for person in (alice, bob, alice, bob)]
    names = [
        await tab.post(f"{number} from {index}") for index, tab in enumerate(tabs) for number in range(5)
    ]
    for tab in tabs:
        while len(seen(tab)) < 20:
            assert await tab.receive()
        assert seen(tab) == list(range(1, 21))
    for index, tab in enumerate(tabs):
        while sum(frame["type"] == "posted" for frame in tab.frames) < 5:
            assert await tab.receive()
        acknowledged = [frame["client_id"] for frame in tab.frames if frame["type"] == "posted"]
        assert acknowledged == names[index * 5 : index * 5 + 5]
        await tab.close()


# -- Catching up -------------------------------------------------------------------------------------------------


async def _with_changes(person: Any, room: Room, say: Say, count: int) -> dict[str, Any]:
    """Read the room, go away for `count` messages, come back; returns what `resumed` said."""
    tab = await Tab.room(person, room.pk)
    revision = tab.frames[-1]["revision"]
    await tab.close()

    def talk() -> None:
        for start in range(0, count, 100):
            batch = range(start, min(start + 100, count))
            posts = [Post(person.pk, room.pk, uuid.uuid4(), f"message {number}") for number in batch]
            with in_organisation(person.organisation):
                post_messages(posts)

    await aside(talk)
    back = await Tab.room(person, room.pk, revision)
    resumed = back.frames[-1]
    await back.close()
    return {
        **resumed,
        "positions": seen(back),
        "reset": any(frame["type"] == "reset" for frame in back.frames),
    }


@pytest.mark.parametrize("count", [0, 1, 300])
async def test_a_reconnect_brings_exactly_what_changed(alice: Any, room: Room, say: Say, count: int) -> None:
    back = await _with_changes(alice, room, say, count)
    assert back["positions"] == list(range(1, count + 1))
    assert not back["reset"]
    assert back["messages"] == count


async def test_a_reconnect_after_301_changes_is_told_to_reset(alice: Any, room: Room, say: Say) -> None:
    back = await _with_changes(alice, room, say, 301)
    assert back["reset"] and back["positions"] == []
    assert back["messages"] == 301


async def test_a_changed_epoch_resets(alice: Any, room: Room, say: Say) -> None:
    await aside(say, alice, room, "Hello")
    tab = await Tab.open(alice, f"/ws/rooms/r{room.pk}/")
    await tab.send("resume", revision=1, epoch=str(uuid.uuid4()))
    assert (await tab.until("reset"))["reason"] == "epoch"
    await tab.until("resumed")
    await tab.close()


async def test_a_fresh_reader_gets_the_newest_fifty(alice: Any, room: Room, say: Say) -> None:
    await _with_changes(alice, room, say, 60)
    tab = await Tab.room(alice, room.pk)
    assert seen(tab) == list(range(11, 61))
    await tab.close()


async def test_edits_and_tombstones_come_with_the_catching_up(alice: Any, room: Room, say: Say) -> None:
    said = [await aside(say, alice, room, f"message {number}") for number in range(3)]
    tab = await Tab.room(alice, room.pk)
    revision = tab.frames[-1]["revision"]
    await tab.close()
    await in_tenant(alice.organisation, edit_message, alice, room.pk, said[0].message_id, "changed")
    await in_tenant(alice.organisation, delete_message, alice, room.pk, said[2].message_id)
    back = await Tab.room(alice, room.pk, revision)
    content = next(frame["content"] for frame in back.frames if frame["type"] == "messages")
    assert re.findall(r'data-position="(\d+)"', content) == ["1", "3"]
    assert "changed" in content and "data-edited" in content and "data-deleted" in content
    assert "message 2" not in content
    await back.close()


async def test_a_rename_and_a_departure_come_with_the_catching_up(alice: Any, bob: Any, room: Room) -> None:
    tab = await Tab.room(alice, room.pk)
    revision = tab.frames[-1]["revision"]
    await tab.close()
    await in_tenant(alice.organisation, rooms.rename_room, alice, room.pk, "Drawing")
    await in_tenant(alice.organisation, rooms.leave_room, bob, room.pk)
    back = await Tab.room(alice, room.pk, revision)
    assert [frame["type"] for frame in back.frames] == ["room", "members", "resumed"]
    assert back.frames[0]["name"] == "Drawing" and back.frames[1]["count"] == 2
    # Only the last covers the range: who loses the connection between them asks again.
    assert [frame["revision"] for frame in back.frames] == [revision, revision + 2, revision + 2]
    await back.close()


# -- News that is lost, late or twice ----------------------------------------------------------------------------


class Interference:
    """Stands between the publisher and Valkey, and loses or reorders what matches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: Room) -> None:
        self._put = publisher._publisher.put
        self._wanted = f".room.{room.pk}"
        self.held: list[tuple[str, bytes]] = []
        self.losing = False
        monkeypatch.setattr(publisher._publisher, "put", self.put)

    def put(self, channel: str, payload: bytes) -> None:
        if self.losing and channel.endswith(self._wanted):
            self.held.append((channel, payload))
        else:
            self._put(channel, payload)

    def release(self, order: Callable[[list[tuple[str, bytes]]], Any] = list) -> None:
        self.losing = False
        for channel, payload in order(self.held):
            self._put(channel, payload)


async def test_a_gap_heals_once_for_all_readers(
    alice: Any, bob: Any, room: Room, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    interference = Interference(monkeypatch, room)
    tabs = [await Tab.room(person, room.pk) for person in (alice, bob)]
    interference.losing = True
    await aside(say, alice, room, "lost")
    interference.losing = False
    await aside(say, alice, room, "arrives")
    for tab in tabs:
        while 1 not in seen(tab):
            assert await tab.receive()
        assert sorted(set(seen(tab))) == [1, 2]
        await tab.close()


async def test_frames_out_of_order_arrive_in_order(
    alice: Any, room: Room, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    interference = Interference(monkeypatch, room)
    tab = await Tab.room(alice, room.pk)
    interference.losing = True
    for number in range(4):
        await aside(say, alice, room, f"message {number}")
    interference.release(reversed)
    while len(seen(tab)) < 4:
        assert await tab.receive()
    assert seen(tab) == [1, 2, 3, 4]
    await tab.close()


async def test_a_frame_that_comes_twice_is_sent_once(
    alice: Any, room: Room, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    interference = Interference(monkeypatch, room)
    tab = await Tab.room(alice, room.pk)
    interference.losing = True
    await aside(say, alice, room, "once")
    interference.release(lambda held: held * 3)
    await aside(say, alice, room, "after")
    while 2 not in seen(tab):
        assert await tab.receive()
    assert seen(tab) == [1, 2]
    await tab.close()


async def test_losing_valkey_loses_nothing(alice: Any, bob: Any, room: Room) -> None:
    assert servers.servers is not None
    tabs = [await Tab.room(person, room.pk) for person in (alice, bob)]
    await tabs[0].post("before")
    for tab in tabs:
        await tab.until("messages")
    servers.servers.stop_valkey()
    try:
        await tabs[0].post("while Valkey is away")
        await tabs[0].until("posted")
    finally:
        servers.servers.start_valkey()  # from this thread: a server ends with the thread that started it
    for tab in tabs:
        while 2 not in seen(tab):
            assert await tab.receive()
    await tabs[0].post("after")
    for tab in tabs:
        while 3 not in seen(tab):
            assert await tab.receive()
        assert seen(tab) == [1, 2, 3]
        await tab.close()


# -- Access that ends --------------------------------------------------------------------------------------------


async def test_a_removed_member_loses_the_rooms_socket_and_hears_nothing_more(
    alice: Any, bob: Any, room: Room, say: Say
) -> None:
    tab = await Tab.room(bob, room.pk)
    await in_tenant(alice.organisation, rooms.remove_member, alice, room.pk, bob.pk)
    await aside(say, alice, room, "now that Bob is gone")
    assert await tab.until_closed() == 4403
    assert "now that Bob is gone" not in str(tab.frames)


async def test_a_deactivated_person_loses_every_open_socket(alice: Any, bob: Any, room: Room) -> None:
    session = await aside(session_cookie, bob)
    tabs = [await Tab.room(bob, room.pk, session=session), await Tab.personal(bob, session=session)]
    await in_tenant(alice.organisation, people.deactivate, alice, bob.pk)
    assert {await tab.until_closed() for tab in tabs} <= {4401, 4403}
    late = await Tab.open(bob, "/ws/me/", session=session)
    assert await late.until_closed() == 4401


async def test_a_lost_revocation_is_caught_by_the_comparison(alice: Any, bob: Any, room: Room) -> None:
    from tenants.fanout import hub

    tab, personal = await Tab.room(bob, room.pk), await Tab.personal(bob)

    def revoke_silently() -> None:
        type(bob).objects.filter(pk=bob.pk).update(is_active=False)

    await in_tenant(alice.organisation, revoke_silently)
    await hub().compare_all()
    assert await tab.until_closed() in (4401, 4403)
    assert await personal.until_closed() in (4401, 4403)


# -- Slow readers ------------------------------------------------------------------------------------------------


async def test_a_reader_that_acknowledges_nothing_is_told_to_resync_and_delays_nobody(
    alice: Any, bob: Any, room: Room, say: Say
) -> None:
    slow, quick = await Tab.room(bob, room.pk), await Tab.room(alice, room.pk)
    count = MOST_FRAMES + 20

    def talk(number: int) -> None:
        say(alice, room, f"message {number}")

    for number in range(count):
        await aside(talk, number)
        frame = await quick.until("messages")
        if number % 50 == 49:
            await quick.send("ack", revision=frame["revision"])
    assert seen(quick) == list(range(1, count + 1))
    await slow.until("resync")
    assert len(seen(slow)) < MOST_FRAMES
    revision = max(frame["revision"] for frame in slow.frames if frame["type"] == "messages")
    assert await slow.silent()
    await slow.send("resume", revision=revision, epoch=str(bob.organisation.epoch))
    await slow.until("resumed")
    assert sorted(set(seen(slow))) == list(range(1, count + 1))
    for tab in (slow, quick):
        await tab.close()


async def test_a_socket_that_could_not_resume_is_told_to_connect_again(
    alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half resumed it would say nothing and keep everything."""

    async def away(*args: Any) -> Any:
        raise OSError("Postgres is away")

    for path in (f"/ws/rooms/r{room.pk}/", "/ws/me/"):
        tab = await Tab.open(alice, path)
        with monkeypatch.context() as patched:
            patched.setattr("chat.consumers.room.together", away)
            patched.setattr("chat.consumers.personal.together", away)
            await tab.send("resume")
            assert await tab.until_closed() == 4503


async def test_a_socket_that_never_resumes_is_told_to_connect_again(
    alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.consumers.RESUME_WITHIN", 0.1)
    tabs = [await Tab.open(alice, path) for path in (f"/ws/rooms/r{room.pk}/", "/ws/me/")]
    await tabs[0].send("resume", revision="no number")
    assert [await tab.until_closed() for tab in tabs] == [4503, 4503]
