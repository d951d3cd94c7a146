"""The hub's parts: what a socket keeps, what a subscription survives, and what happens when news was lost."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts import sessions
from accounts.models import Person
from chat import presence
from chat.models import Message, Room
from notifications.inbox import notify
from tenants import fanout, hosts, provisioning
from tenants.db import in_public, in_tenant
from tenants.events import Envelope, frame
from tenants.fanout import hub
from tenants.feeds import MOST_EARLY, RoomFeed
from tenants.models import Organisation
from tenants.publisher import dropped
from tenants.sockets import MOST_BYTES, MOST_FRAMES, Socket
from tenants.together import together
from tenants.websocket import FRAMES, frames
from tests.sockets import Tab, aside, session_cookie


async def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to hold")


# -- One socket --------------------------------------------------------------------------------------------------


class Peer:
    """The server's side of a socket: what was sent, and whether it makes the sender wait."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.written: list[bytes] = []  # by the extension
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.sent.append(message)

    @property
    def codes(self) -> list[int]:
        return [message["code"] for message in self.sent if message["type"] == "websocket.close"]

    def texts(self) -> list[str]:
        return [message["text"] for message in self.sent if message["type"] == "websocket.send"]

    def write_frames(self, data: bytes) -> bool:
        self.written.append(data)
        return True

    def socket(self, *, takes_frames: bool = False) -> Socket:
        extensions = {FRAMES: {"write": self.write_frames}} if takes_frames else {}
        return Socket(self.send, set(), person_id=1, session_key="x", extensions=extensions)


async def test_a_socket_that_never_catches_up_keeps_little_and_is_told_to_come_again() -> None:
    for size, count in ((10, MOST_FRAMES * 3), (MOST_BYTES // 4, 12)):
        peer = Peer()
        socket = peer.socket()
        socket.begin_catching_up()
        for revision in range(1, count):
            socket.deliver("x" * size, revision)
        assert sum(len(text) for _, text in socket.early or []) <= MOST_BYTES
        assert len(socket.early or []) <= MOST_FRAMES
        socket.caught_up(0)
        assert peer.texts() == [frame("resync").decode()]


async def test_what_arrives_while_the_database_is_read_follows_it(
    alice: Any, room: Room, say: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Subscribe, read, live: a message that was committed and published during the reading falls into no gap."""
    read, receive = asyncio.Event(), RoomFeed.receive
    heard = asyncio.Event()

    async def slowly(*args: Any) -> Any:
        caught = await together(*args)
        read.set()
        await heard.wait()
        return caught

    def hear(feed: RoomFeed, envelope: Envelope) -> None:
        receive(feed, envelope)
        heard.set()

    first = await Tab.room(alice, room.pk)  # so that the feed knows where it stands
    monkeypatch.setattr("chat.consumers.room.together", slowly)
    monkeypatch.setattr(RoomFeed, "receive", hear)
    tab = await Tab.open(alice, f"/ws/rooms/r{room.pk}/")
    await tab.send("resume")
    await read.wait()
    await aside(say, alice, room, "in between")
    assert (await tab.until("resumed"))["messages"] == 0
    assert "in between" in (await tab.until("messages"))["content"]
    await tab.close()
    await first.close()


async def test_a_reader_that_acknowledges_without_reading_is_cut_off() -> None:
    peer = Peer()
    socket = peer.socket()
    peer.reads.clear()
    for revision in range(1, MOST_FRAMES * 3):
        socket.deliver("x", revision)
        await asyncio.sleep(0)
        socket.acknowledge(2**40)
    assert socket.closed and len(socket._queue or ()) <= 1
    peer.reads.set()
    await asyncio.sleep(0.01)
    assert peer.codes == [4503]


# -- One room ----------------------------------------------------------------------------------------------------


def envelope(revision: int) -> Envelope:
    return Envelope(group="room.1", after=revision - 1, revision=revision, frame=b"%d" % revision)


async def _nothing(*args: Any) -> list[Envelope]:
    return []


async def test_a_feed_that_nobody_reads_from_keeps_little(acme: Organisation) -> None:
    feed = RoomFeed(acme, "room.1", _nothing)
    for revision in range(1, MOST_EARLY * 3):
        feed.receive(envelope(revision))
    assert len(feed._early) <= MOST_EARLY


async def test_what_one_read_brings_is_one_write_where_the_server_takes_frames(acme: Organisation) -> None:
    """And the same messages, one by one, where it does not, or where the reader has the first of them already."""
    feed = RoomFeed(acme, "room.1", _nothing)
    joined, plain, ahead = Peer(), Peer(), Peer()
    sockets = [joined.socket(takes_frames=True), plain.socket(), ahead.socket(takes_frames=True)]
    feed.sockets.update(sockets)
    feed.read_up_to(0)
    sockets[2].begin_catching_up()
    for revision in (1, 2):
        feed.receive(envelope(revision))
    feed.receive(Envelope(group="room.1", frame=b"typing"))
    feed.receive(envelope(3))
    sockets[2].caught_up(2)
    await asyncio.sleep(0)
    assert joined.written == [frames.encode_texts([b"1", b"2", b"typing", b"3"])] and not joined.sent
    assert plain.texts() == ["1", "2", "typing", "3"]
    assert ahead.texts() == ["typing", "3"]
    assert [socket.revision for socket in sockets] == [3, 3, 3]
    assert [socket.acknowledge(3) for socket in sockets] == [4, 4, 2]


async def test_a_gap_that_could_not_be_healed_is_healed_by_the_next_comparison(acme: Organisation) -> None:
    answers: list[Any] = [OSError("Postgres is away"), [], [envelope(1), envelope(2)]]

    async def heal(*args: Any) -> list[Envelope]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return list(answer)

    feed, peer = RoomFeed(acme, "room.1", heal), Peer()
    socket = peer.socket()
    feed.sockets.add(socket)
    feed.read_up_to(0)
    feed.receive(envelope(3))
    while answers:
        await asyncio.sleep(0.15)
        feed.compare(3)
    await asyncio.sleep(0.15)
    assert peer.texts() == ["1", "2", "3"] and not feed._early


# -- A personal socket -------------------------------------------------------------------------------------------


async def test_a_personal_socket_that_resumes_again_still_hears_of_its_person(alice: Any, room: Room) -> None:
    session = await aside(session_cookie, alice)
    tab = await Tab.personal(alice, session=session)
    for _ in range(2):
        await tab.send("resume")
        await tab.until("state")
    await in_tenant(alice.organisation, notify, alice.organisation, alice, "Hello")
    assert (await tab.until("notification"))["title"] == "Hello"
    await in_tenant(alice.organisation, sessions._end, [session])
    assert await tab.until_closed() == 4401


async def test_a_session_that_ended_before_the_first_frame_gets_nothing(alice: Any, room: Room) -> None:
    session = await aside(session_cookie, alice)
    tabs = [
        await Tab.open(alice, "/ws/me/", session=session),
        await Tab.open(alice, f"/ws/rooms/r{room.pk}/", session=session),
    ]
    await in_tenant(alice.organisation, sessions._end, [session])
    for tab in tabs:
        await tab.send("resume")
        assert await tab.until_closed() == 4401
        assert tab.frames == []


# -- An organisation that is suspended -----------------------------------------------------------------------------


async def test_a_socket_opened_by_an_outdated_cache_ends_with_the_comparison(
    acme: Organisation, alice: Any
) -> None:
    tab = await Tab.personal(alice)
    remembered = dict(hosts._answers)
    await in_public(Organisation.objects.filter(pk=acme.pk).update, state=Organisation.State.SUSPENDED)
    try:
        hosts._answers.update(remembered)  # as another process still has it
        again = await Tab.personal(alice, session=await aside(session_cookie, alice))
        await hub().compare_all()
        assert await tab.until_closed() == await again.until_closed() == 4503
    finally:
        await in_public(provisioning.resume, acme)


async def test_an_organisation_restored_from_an_archive_starts_over(
    acme: Organisation, alice: Any, room: Room, say: Callable[..., Any]
) -> None:
    """Its sockets end, and who comes back is not measured by the revisions of the old epoch."""
    tab = await Tab.room(alice, room.pk)
    for text in ("one", "two", "three"):
        await aside(say, alice, room, text)
        await tab.until("messages")
    epoch = uuid.uuid4()
    await in_public(Organisation.objects.filter(pk=acme.pk).update, epoch=epoch)
    await in_tenant(acme, Room.objects.filter(pk=room.pk).update, head=1, messages=0)
    await in_tenant(acme, Message.objects.all().delete)
    await hub().compare_all()
    assert await tab.until_closed() == 4503
    again = await Tab.open(alice, f"/ws/rooms/r{room.pk}/")
    await again.send("resume", revision=4, epoch=str(acme.epoch))
    assert (await again.until("reset"))["reason"] == "epoch"
    assert (await again.until("resumed"))["epoch"] == str(epoch)
    await aside(say, alice, room, "after")
    assert "after" in (await again.until("messages"))["content"]
    await again.close()


# -- Valkey is away ------------------------------------------------------------------------------------------------


async def test_nothing_is_served_after_an_outage_before_rights_were_checked(
    alice: Any, bob: Any, room: Room, say: Callable[..., Any], valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, personal, other = await Tab.room(bob, room.pk), await Tab.personal(bob), await Tab.personal(alice)
    here, compare = hub(), hub()._compare
    comparing = asyncio.Event()

    async def slowly(*args: Any) -> Any:
        comparing.set()
        await asyncio.sleep(0.5)
        return await compare(*args)

    def revoke() -> None:
        Person.objects.filter(pk=bob.pk).update(is_active=False)

    valkey.stop_valkey()
    await eventually(lambda: here._away)
    await in_tenant(alice.organisation, revoke)
    monkeypatch.setattr(here, "_compare", slowly)
    comparing.clear()
    valkey.start_valkey()
    await comparing.wait()
    await eventually(lambda: not here._away)
    await aside(say, alice, room, "not for Bob")
    await in_tenant(alice.organisation, notify, alice.organisation, bob, "not for Bob")
    assert await tab.until_closed() == 4401 and await personal.until_closed() == 4401
    assert "not for Bob" not in str(tab.frames) + str(personal.frames)
    await other.until("resync")
    await other.close()


async def test_personal_sockets_are_told_when_their_news_was_dropped(alice: Any, valkey: Any) -> None:
    tab = await Tab.personal(alice)
    before = dropped._value.get()
    valkey.pause_valkey()
    await in_tenant(alice.organisation, notify, alice.organisation, alice, "lost")
    await eventually(lambda: dropped._value.get() > before)
    valkey.resume_valkey()  # the subscription never broke
    await tab.until("resync")
    await tab.close()


async def test_presence_answers_soon_while_valkey_is_away(acme: Organisation, valkey: Any) -> None:
    await presence.online(acme)
    valkey.pause_valkey()
    began = time.monotonic()
    await presence.arrived(acme, 3)
    assert await presence.online(acme) == []
    assert time.monotonic() - began < 1.2


async def test_a_subscription_that_answers_nothing_is_made_anew(
    alice: Any, valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "COMPARE_SECONDS", 0.3)
    tab = await Tab.personal(alice)
    valkey.pause_valkey()
    await eventually(lambda: hub()._away)
    valkey.resume_valkey()
    await tab.until("resync")
    await tab.close()


async def test_organisations_are_compared_one_by_one(
    alice: Any, mallory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each as often as the other, and at another moment: together they would hold up whoever posts just then."""
    keys = alice.organisation.pk, mallory.organisation.pk
    parts = next(number for number in (2, 3, 5, 7) if keys[0] % number != keys[1] % number)
    monkeypatch.setattr(fanout, "PARTS", parts)
    monkeypatch.setattr(fanout, "COMPARE_SECONDS", 0.2 * parts)
    tabs = [await Tab.personal(alice), await Tab.personal(mallory)]
    compared: list[tuple[float, int]] = []
    compare = hub()._compare

    async def noted(organisation: Organisation, held: fanout.Held) -> fanout.Compared:
        compared.append((time.monotonic(), organisation.pk))
        return await compare(organisation, held)

    monkeypatch.setattr(hub(), "_compare", noted)
    await eventually(lambda: len(compared) >= 6)
    assert {pk for _, pk in compared[:2]} == {pk for _, pk in compared[2:4]} == set(keys)
    assert all(later - before > 0.1 for (before, _), (later, _) in itertools.pairwise(compared))
    for tab in tabs:
        await tab.close()
