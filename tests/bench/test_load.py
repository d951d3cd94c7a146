"""The load client counts what a real server does."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets.asyncio.server import ServerConnection

from tests.bench.harness import Wrong
from tests.bench.load import Client, Load
from tests.bench.load.compiler import program
from tests.bench.machine import LOAD_CORE, spawn_on
from tests.bench.rooms_server import HEADERS, Message, RoomsServer, opened, plan, room_of, running


@pytest.fixture
def server() -> Iterator[RoomsServer]:
    with running(RoomsServer()) as server:
        yield server


@pytest.mark.parametrize("release", ["acknowledged", "own", "last"])
def test_every_message_is_counted_once_for_each_reader(server, release):
    with opened(server, plan(server, room_of(5, senders=2))) as load:
        result = load.run(in_flight=3, messages=40, release=release)
    assert (result.sent, result.acknowledged, result.expected, result.delivered) == (40, 40, 200, 200)
    assert result.exact and result.frames == 200
    assert 0 < result.last_reader_ms.p50 <= result.last_reader_ms.p99 <= result.last_reader_ms.longest


def test_the_acknowledged_messages_are_those_that_the_server_stored(server):
    with opened(server, plan(server, room_of(2, senders=2))) as load:
        load.run(messages=10)
        result = load.run(messages=30, list_acknowledged=True)
    stored = {message.client_id: message.text for message in server.messages["/a"][10:]}
    assert {one.client_id: one.body for one in result.acknowledged_messages} == stored
    assert {len(text) for text in stored.values()} == {load.plan.size}


def test_a_sender_that_hears_itself_needs_no_acknowledgement(server):
    with opened(server, plan(server, room_of(3), acknowledged=None)) as load:
        assert load.run(messages=20, release="own").acknowledged == 20


def test_a_writer_that_does_not_read_posts_too(server):
    writer = Client("/a", HEADERS, "/a", reader=False, sender=True, opening=())
    with opened(server, plan(server, [*room_of(3, senders=0), writer])) as load:
        assert load.run(messages=20).delivered == 60


def test_random_senders_over_many_rooms(server):
    clients = [client for name in "abcdefgh" for client in room_of(3, path=f"/{name}", senders=3)]
    with opened(server, plan(server, clients)) as load:
        load.run(in_flight=8, messages=100, random_senders=True)
    posted = [len(server.messages[f"/{name}"]) for name in "abcdefgh"]
    assert sum(posted) == 100 and all(posted)


def test_an_open_loop_posts_at_its_rate(server):
    with opened(server, plan(server, room_of(3, senders=2))) as load:
        result = load.run(rate=200, seconds=0.25)
    assert result.sent == 50 and result.delivered == 150


def test_a_load_that_polls_counts_only_its_work_as_its_own(server):
    with opened(server, plan(server, room_of(3))) as load:
        result = load.run(rate=40, seconds=0.5, polls=True)
    assert result.sent == 20 and result.delivered == 60
    assert result.busy < 0.5  # it has asked all the while


@pytest.mark.parametrize(("polls", "neighbours"), [(False, 0), (False, 3), (True, 0)])
def test_a_load_that_has_no_pause_is_no_measure(server, polls, neighbours):
    """Nor is one whose core others have, so that it works for less than half of the time."""
    server.deliver = lambda message, number: [message.frame, "~" * 1_000_000]  # it looks at each of these
    with ExitStack() as stack:
        for _ in range(neighbours):
            stack.enter_context(spawn_on([sys.executable, "-c", "while True: pass"], core=LOAD_CORE))
        load = stack.enter_context(opened(server, plan(server, room_of(3))))
        with pytest.raises(Wrong, match=r"busy for \d+%"):
            load.run(in_flight=4, messages=40, polls=polls)


def test_messages_that_come_joined_in_one_frame_are_counted_one_by_one(server):
    held: dict[int, str] = {}

    def deliver(message: Message, number: int) -> list[str]:
        if message.revision % 2:
            held[number] = message.frame
            return []
        return [held.pop(number) + message.frame]

    server.deliver = deliver
    with opened(server, plan(server, room_of(3))) as load:
        result = load.run(in_flight=2, messages=40)
    assert (result.delivered, result.frames) == (120, 60)


def test_two_load_clients_in_a_room_do_not_take_each_others_messages(server):
    with (
        opened(server, plan(server, room_of(2))) as first,
        opened(server, plan(server, room_of(2))) as second,
    ):
        first.run(messages=10)
        server.wait_for(lambda: len(server.messages["/a"]) == 10)
        assert second.run(messages=10).foreign == 20
        with Load(plan(server, room_of(2))) as third:
            assert third.open().replayed_least == 20


def test_pings_are_answered(server):
    async def greet(socket: ServerConnection) -> None:
        await (await socket.ping())
        await socket.send("2")
        assert await socket.recv() == "3"

    server.greeting = greet
    words = {"answers": (("2", "3"),)}
    resume = ("send", '{"type":"resume","revision":null}')
    opening = (("wait", "2"), resume, ("wait", '"resumed"'))
    with opened(server, plan(server, room_of(3), opening=opening, **words)) as load:
        load.run(messages=10)


def test_readers_say_which_revision_they_have_applied(server):
    words = {"applied": '{"type":"ack","revision":{revision}}', "applied_frames": 4}
    with opened(server, plan(server, room_of(1), **words)) as load:
        load.run(in_flight=1, messages=20, release="own")
        server.wait_for(lambda: len(server.applied) == 5)
    assert server.applied == [4, 8, 12, 16, 20]


def test_readers_say_what_they_have_applied_by_bytes(server):
    words = {"applied": '{"type":"ack","revision":{revision}}', "applied_bytes": 1}
    with opened(server, plan(server, room_of(1), **words)) as load:
        load.run(in_flight=1, messages=3, release="own")
        server.wait_for(lambda: len(server.applied) == 3)
    assert server.applied == [1, 2, 3]


def test_readers_say_what_they_have_applied_from_time_to_time(server):
    words = {"applied": '{"type":"ack","revision":{revision}}', "applied_seconds": 0.02}
    with opened(server, plan(server, room_of(1), **words)) as load:
        load.run(messages=20)
        server.wait_for(lambda: bool(server.applied) and server.applied[-1] == 20)


def test_those_who_come_back_are_sent_what_they_missed(server):
    with opened(server, plan(server, room_of(4))) as load:
        load.run(messages=20)
        load.drop()
        server.wait_for(lambda: not server.readers["/a"])
        load.reconnect(dict.fromkeys(range(4), "13"), replayed=7, parallel=4)
        with pytest.raises(Wrong, match="was sent from 6 to 7"):
            load.reconnect({0: "14"}, replayed=7)
        load.run(messages=10)


def test_one_who_does_not_read_delays_nobody(server):
    with opened(server, plan(server, [*room_of(3), *room_of(1, senders=0, slow=True)], size=20_000)) as load:
        result = load.run(messages=300)
    assert result.delivered == 900


def test_without_a_compiler_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Wrong, match="needs a C compiler"):
        program()
