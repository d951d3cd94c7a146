"""The HTTP client lists what it posted, and a post that is not stored as it was acknowledged is noticed."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from urllib.parse import parse_qs

import psycopg
import pytest

from tests import servers
from tests.bench.browsing import Ask, Browsed, browse
from tests.bench.harness import Wrong
from tests.bench.measures import check_bodies

POST = Ask("/", method="POST", body="text=Hello+{number}&client_id={client}")
REFUSED = 7  # the number of a request


async def _browsed(ask: Ask, received: list[str]) -> Browsed:
    """What the client says of a server that keeps the bodies it got, and refuses one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # the client has gone
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                body = (await reader.readexactly(length)).decode()
                refused = f"Hello+{REFUSED}&" in body
                if not refused:
                    received.append(body)
                status = b"429 Too Many Requests" if refused else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        return await browse({"port": port, "clients": 1, "seconds": 5, "headers": {}, "asks": [asdict(ask)]})


def test_what_was_posted_is_listed_and_what_was_refused_is_not():
    received: list[str] = []
    done = asyncio.run(_browsed(POST, received))
    assert list(done.posted.values()) == received and len(received) == REFUSED
    assert [parse_qs(body)["text"] for body in received] == [[f"Hello {number}"] for number in range(REFUSED)]
    assert [parse_qs(body)["client_id"] for body in received] == [[client_id] for client_id in done.posted]
    assert "429" in done.wrong[0]


WANTED = {str(uuid.uuid4()): text for text in ("Hello 1", "Hello 2")}
FIRST, SECOND = WANTED.items()


@pytest.fixture
def table() -> Iterator[tuple[str, psycopg.Connection]]:
    """A table of messages in the database of this process."""
    assert servers.servers is not None
    name = f"bench_{uuid.uuid4().hex}"
    with psycopg.connect(servers.servers.database_url, autocommit=True) as connection:
        connection.execute(f"create table {name} (client_id uuid, text text)")
        yield name, connection
        connection.execute(f"drop table {name}")


@pytest.mark.parametrize(
    ("stored", "fault"),
    [
        ([FIRST, SECOND, (str(uuid.uuid4()), "of somebody else")], None),
        ([FIRST], "1 are missing"),
        ([FIRST, (SECOND[0], FIRST[1])], "0 are missing, others have another text"),
        ([FIRST, SECOND, SECOND], "stored twice"),
    ],
    ids=["all there", "missing", "another text", "twice"],
)
def test_bodies_are_looked_up(table, stored, fault):
    name, connection = table
    for row in stored:
        connection.execute(f"insert into {name} values (%s, %s)", row)
    url = servers.servers.database_url
    if fault is None:
        check_bodies(url, [name], WANTED)
    else:
        with pytest.raises(Wrong, match=fault):
            check_bodies(url, [name], WANTED)


@pytest.mark.parametrize(
    ("holds", "fault"),
    [
        (("a", "b"), ""),
        (("b", "a", "b"), ""),
        (("b", "c"), "'c' is not in the answer"),
        (("a", "ab"), "'ab'"),
    ],
)
def test_an_answer_has_to_hold_every_text_in_whatever_order(holds, fault):
    said = Ask("/", holds=holds).wrong(200, b"a then b")
    assert fault in said and bool(fault) == bool(said)
