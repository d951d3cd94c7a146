"""A fast HTTP/1.1 client that keeps its connections and looks into every answer. Runs as a process of its own:

    python -m tests.bench.browsing < plan.json        prints JSON, see `Browsed`

The plan: {"port", "clients", "seconds", "headers": {…}, "asks": [Ask, …]}, and "every" for clients that send one
request every so many seconds. Else each sends one after the other; the asks take turns. It costs about
60 µs for a request, and says what it used.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import httptools
import uvloop

MOST_SECONDS = 120


@dataclass(frozen=True)
class Ask:
    """One request, and what its answer must hold. In the body `{client}` becomes a new UUID for each request, `{number}` the
    number of the request in its run."""

    path: str
    method: str = "GET"
    body: str = ""
    status: int = 200
    holds: tuple[str, ...] = ()  # every one of these texts
    counts: tuple[tuple[str, int], ...] = ()  # these texts so many times
    headers: dict[str, str] = field(default_factory=dict)

    def filled(self, number: int) -> tuple[str, str]:
        """The UUID, and the body of a request."""
        client_id = str(uuid.uuid4())
        return client_id, self.body.replace("{client}", client_id).replace("{number}", str(number))

    def wrong(self, status: int, body: bytes) -> str:
        """What is wrong with an answer; "" when nothing is."""
        if status != self.status:
            return f"{self.path}: {status} instead of {self.status}: {body[:300]!r}"
        at = 0
        for text in self.holds:
            sought = text.encode()
            # A page has most of them in this order; from its beginning, a thousand take longer than the page.
            at = body.find(sought, at)
            if at < 0 and (at := body.find(sought)) < 0:
                return f"{self.path}: {text!r} is not in the answer of {len(body)} bytes"
        for text, times in self.counts:
            if (found := body.count(text.encode())) != times:
                return f"{self.path}: {text!r} {found} times instead of {times}"
        return ""


@dataclass
class Browsed:
    """What a run did. Times are in milliseconds, `cpu` is this client's share of its core, and `posted` has
    the bodies of those requests that had a UUID and were answered rightly, by that."""

    requests: int = 0
    seconds: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    bytes: int = 0
    cpu: float = 0.0
    posted: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Client(asyncio.Protocol):
    """One connection; `ask` sends a request and waits for its answer."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._begin()

    def _begin(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.parts: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(ConnectionError(f"the server closed the connection: {error}"))

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        assert self.answer
        self.answer.set_result((self.parser.get_status_code(), b"".join(self.parts)))

    async def ask(self, ask: Ask, head: str, body: bytes) -> tuple[int, bytes]:
        self._begin()
        self.answer = asyncio.get_running_loop().create_future()
        length = f"Content-Length: {len(body)}\r\n" if ask.method == "POST" else ""
        self.transport.write(f"{ask.method} {ask.path} HTTP/1.1\r\n{head}{length}\r\n".encode() + body)
        return await self.answer


async def browse(plan: dict[str, Any]) -> Browsed:
    """Run a plan to its end."""
    asks = [Ask(**ask) for ask in plan["asks"]]
    done, times = Browsed(), list[float]()
    began, used = time.perf_counter(), time.process_time()
    until = began + min(plan["seconds"], MOST_SECONDS)
    numbers = itertools.count()
    clients = (_client(plan, asks, numbers, until, done, times) for _ in range(plan["clients"]))
    await asyncio.gather(*clients)
    done.seconds = time.perf_counter() - began
    done.cpu = (time.process_time() - used) / done.seconds
    done.requests = len(times)
    done.p50 = statistics.median(times) * 1000
    done.p99 = sorted(times)[int(len(times) * 0.99)] * 1000
    return done


async def _client(
    plan: dict[str, Any],
    asks: list[Ask],
    numbers: Iterator[int],
    until: float,
    done: Browsed,
    times: list[float],
) -> None:
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", plan["port"])
    while time.perf_counter() < until and not done.wrong:
        number = next(numbers)
        ask = asks[number % len(asks)]
        client_id, body = ask.filled(number)
        head = "".join(f"{name}: {value}\r\n" for name, value in (plan["headers"] | ask.headers).items())
        began = time.perf_counter()
        status, answer = await client.ask(ask, head, body.encode())
        times.append(took := time.perf_counter() - began)
        done.bytes += len(answer)
        if wrong := ask.wrong(status, answer):
            done.wrong.append(wrong)
        elif client_id in body:
            done.posted[client_id] = body
        if every := plan.get("every", 0):
            await asyncio.sleep(max(0.0, every - took))
    client.transport.close()


if __name__ == "__main__":
    json.dump(asdict(uvloop.run(browse(json.load(sys.stdin)))), sys.stdout)
