"""The load client counts what a real server does, and every way of being inexact is noticed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.asyncio.server import ServerConnection

from tests.bench.harness import Wrong
from tests.bench.load import Client, Load, Plan
from tests.bench.load.compiler import program
from tests.bench.rooms_server import Deliver, Message, RoomsServer, honest, running

HEADERS = (("Host", "rooms.example"),)
MESSAGES = 10
FAULTY = 5  # the revision at which a fault is planted
BRIEF = 2.0  # seconds without progress after which a run ends whose messages never come


def plan(server: RoomsServer, clients: list[Client], *, patience: float = 20.0, **words: object) -> Plan:
    fields: dict[str, object] = {
        "opening": (("send", '{"type":"resume","revision":{variable}}'), ("wait", '"resumed"')),
        "post": '{"type":"post","client_id":"{client}","text":"{body}"}',
        "acknowledged": '"type": "posted", "client_id": "{client}"',
        "errors": ('"type": "error"',),
    }
    return Plan(server.port, clients, patience=patience, **(fields | words))  # type: ignore[arg-type]


def room_of(readers: int, *, path: str = "/a", senders: int = 1, **fields: object) -> list[Client]:
    """A room's readers, of whom the first ones send."""
    return [
        Client(path, HEADERS, path, sender=number < senders, variable="null", **fields)  # type: ignore[arg-type]
        for number in range(readers)
    ]


@contextmanager
def opened(server: RoomsServer, asked: Plan) -> Iterator[Load]:
    with Load(asked) as load:
        load.open()
        yield load


@pytest.fixture
def server() -> Iterator[RoomsServer]:
    with running(RoomsServer()) as server:
        yield server


# -- What goes well ----------------------------------------------------------------------------------------------


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


# -- What goes wrong ---------------------------------------------------------------------------------------------


def at_the_fault(
    reader: int, frames: Callable[[Message], list[str] | None], revision: int = FAULTY
) -> Deliver:
    return lambda message, number: (
        frames(message) if (number, message.revision) == (reader, revision) else honest(message, number)
    )


def swapped(reader: int) -> Deliver:
    """This reader gets one message after the next one."""
    held: list[Message] = []

    def deliver(message: Message, number: int) -> list[str]:
        if number == reader and message.revision == FAULTY:
            held.append(message)
            return []
        if number == reader and message.revision == FAULTY + 1:
            return [message.frame, held.pop().frame]
        return honest(message, number)

    return deliver


def missing_one(reader: int) -> Deliver:
    return at_the_fault(reader, lambda message: [])


def twice(reader: int, revision: int = FAULTY) -> Deliver:
    return at_the_fault(reader, lambda message: [message.frame] * 2, revision)


def cut(reader: int) -> Deliver:
    return at_the_fault(reader, lambda message: [message.frame.replace(" ~e", "~e").replace("~e", "", 1)])


def changed(reader: int) -> Deliver:
    return at_the_fault(reader, lambda message: [message.frame.replace("train", "brain", 1)])


FAULTS = {
    "missing, others had it": (missing_one(1), "missing"),
    "missing, nobody had it yet": (missing_one(0), "missing"),
    "twice": (twice(1), "duplicates"),
    "twice, the last": (twice(2, MESSAGES), "duplicates"),
    "in another order than others": (swapped(1), "out_of_order"),
    "in another order, first": (swapped(0), "out_of_order"),
    "cut": (cut(1), "altered"),
    "changed": (changed(0), "altered"),
}


@pytest.mark.parametrize("senders", [1, 3])
@pytest.mark.parametrize(("deliver", "count"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_noticed_and_called_by_its_name(deliver, count, senders):
    with running(RoomsServer(deliver)) as server:
        asked = plan(server, room_of(3, senders=senders), patience=BRIEF if count == "missing" else 20.0)
        with opened(server, asked) as load:
            result = load.run(in_flight=1, messages=MESSAGES, check=False)
    assert not result.exact
    assert getattr(result, count) >= 1
    with pytest.raises(Wrong, match=rf"{count} [1-9]"):
        result.check()
    if senders == 1:
        assert sum(getattr(result, fault) for fault in result.FAULTS) == 1


def test_a_message_of_another_room_is_noticed(server):
    first: list[Message] = []

    def deliver(message: Message, number: int) -> list[str]:
        first.append(message)
        strays = message.room == "/b" and message.revision == FAULTY
        return [message.frame, first[0].frame] if strays and number == 1 else [message.frame]

    server.deliver = deliver
    with opened(server, plan(server, room_of(2) + room_of(2, path="/b"))) as load:
        result = load.run(messages=40, check=False)
    assert result.strays == 1 and not result.exact


def test_a_message_of_an_earlier_run_is_noticed(server):
    with opened(server, plan(server, room_of(2))) as load:
        load.run(messages=MESSAGES)
        old = server.messages["/a"][0].frame
        server.deliver = at_the_fault(0, lambda message: [message.frame, old], MESSAGES + FAULTY)
        with pytest.raises(Wrong, match="duplicates 1"):
            load.run(messages=MESSAGES)


def test_a_refused_message_is_an_error(server):
    server.refuses = lambda text: text.startswith("~m0x3x")
    with opened(server, plan(server, room_of(2), patience=BRIEF)) as load:
        result = load.run(messages=MESSAGES, check=False)
    assert (result.sent, result.acknowledged, result.errors, result.missing) == (10, 9, 1, 2)
    assert '"code": "refused"' in result.first_error


def test_a_closed_socket_is_noticed():
    closing = at_the_fault(1, lambda message: None)
    with (
        running(RoomsServer(closing)) as server,
        opened(server, plan(server, room_of(3), patience=BRIEF)) as load,
    ):
        result = load.run(in_flight=1, messages=MESSAGES, check=False)
    assert (result.closed, result.missing) == (1, 6)
    assert "code 4403" in result.first_error


def test_an_acknowledgement_that_comes_twice_is_an_error(server):
    async def greet(socket: ServerConnection) -> None:
        send = socket.send

        async def send_twice(frame: str) -> None:
            await send(frame)
            if '"posted"' in frame and len(server.messages["/a"]) == FAULTY:
                await send(frame)

        socket.send = send_twice  # type: ignore[method-assign, assignment]

    server.greeting = greet
    with opened(server, plan(server, room_of(2))) as load, pytest.raises(Wrong, match="acknowledged twice"):
        load.run(in_flight=1, messages=MESSAGES)


def test_sockets_that_are_refused_are_told_with_the_reason():
    refused = r"0 of 1 sockets opened, 1 errors: .*403 Forbidden"

    async def refuse() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            with Load(Plan(port, [Client("/", HEADERS)])) as load, pytest.raises(Wrong, match=refused):
                await asyncio.to_thread(load.open)

    asyncio.run(refuse())


def test_without_a_compiler_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Wrong, match="needs a C compiler"):
        program()
