"""Every way of being inexact is noticed by the load client, and called by its name."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from websockets.asyncio.server import ServerConnection

from tests.bench.harness import Wrong
from tests.bench.load import Client, Load, Plan
from tests.bench.rooms_server import (
    HEADERS,
    Deliver,
    Message,
    RoomsServer,
    honest,
    opened,
    plan,
    room_of,
    running,
)

MESSAGES = 10
FAULTY = 5  # the revision at which a fault is planted
BRIEF = 2.0  # seconds without progress after which a run ends whose messages never come


@pytest.fixture
def server() -> Iterator[RoomsServer]:
    with running(RoomsServer()) as server:
        yield server


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
