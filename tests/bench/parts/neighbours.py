"""Neighbours: what others do must not slow a quiet room of 100 readers in which 25 messages a second are posted.

The figure is the p99 from when a message was due until its last reader had it, stored, through the whole path of a
post; every message has to be in Postgres and with each of the 100. The quiet room alone and beside each neighbour
take turns. The neighbours:

- ten more readers of the same room that stop reading. What they are sent before takes them so near to the limit on
  what a reader may leave unacknowledged that they pass it while we measure;
- another room with 100 readers, of the same organisation and of another one. "Busy" means that 20 of its people
  post as fast as the shipped rate limit lets them for ever, 3 messages a second each. With the quiet room that is
  3.4 times the work for the one core, so the times may be 3 times as long;
- the same with 8 messages in flight and no rate, which no deployment allows. It takes what is left of the one core
  that all servers share here, so it is shown without a target: whoever computes beside us takes CPU away.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.harness import Below, Bench, Figure, Wrong
from tests.bench.load import Load
from tests.bench.measures import SIZE, check_stored, load_client, loaded, members, plan
from tests.bench.systems import System, parley

READERS, RATE = 100, 25
STOPPED = 10
BEFORE = 200  # messages that those who do not read are sent first: their limit is 256 frames
BUSY_PEOPLE = 20
BUSY = {"rate": 3.0 * BUSY_PEOPLE, "senders": BUSY_PEOPLE}
FULL = {"in_flight": 8, "senders": 1}
SECONDS = 8.0
MOST_MILLISECONDS = 25.0
MOST_TIMES = {"10 readers who stopped reading": 2.0, "a busy room": 3.0, "a busy organisation": 3.0}


def measure(bench: Bench) -> Iterator[Figure]:
    everybody = READERS + STOPPED
    seed = {"organisations": 2, "rooms": 2, "people": 2 * everybody, "members": everybody}
    with ExitStack() as stack:
        system = stack.enter_context(parley(bench, prefix="beside", **seed))
        quiet, room, organisation = (
            stack.enter_context(_room(system, *place)) for place in ((0, 0), (0, 1), (1, 0))
        )
        neighbours = {
            "alone": lambda: _p99(system, quiet),
            "10 readers who stopped reading": lambda: _beside_stopped(system, quiet),
            "a busy room": lambda: _beside_noise(system, quiet, room, BUSY),
            "a busy organisation": lambda: _beside_noise(system, quiet, organisation, BUSY),
            "a room at full speed": lambda: _beside_noise(system, quiet, room, FULL),
            "an organisation at full speed": lambda: _beside_noise(system, quiet, organisation, FULL),
        }
        found = bench.alternate(neighbours)
    for name in neighbours:
        yield from _figures(name, found[name], found["alone"])


def _figures(name: str, values: list[float], alone: list[float]) -> Iterator[Figure]:
    if name == "alone":
        yield Figure.absolute("p99 of a quiet room, alone", "ms", values)
        return
    most = MOST_TIMES.get(name)
    judged = Below(MOST_MILLISECONDS) if most else None
    yield Figure.compare(f"p99 of a quiet room beside {name}", "ms", values, alone, judged)
    slower = [value / base for value, base in zip(values, alone, strict=True)]
    yield Figure.absolute(f"… times what it is alone, {name}", "×", slower, Below(most) if most else None)


@contextmanager
def _room(system: System, organisation: int, room: int) -> Iterator[Load]:
    """The first 100 members, some of whom may post."""
    clients = list(members(system, [room], organisation=organisation, senders_each=BUSY_PEOPLE))[:READERS]
    with loaded(system, plan(system, clients, stored=True)) as load:
        yield load


def _p99(system: System, quiet: Load) -> float:
    result = quiet.run(rate=RATE, senders=1, seconds=SECONDS, list_acknowledged=True)
    check_stored(system, result)
    return result.last_reader_ms.p99


def _beside_stopped(system: System, quiet: Load) -> float:
    clients = list(members(system, [0], senders_each=0))[READERS:]
    stopped = plan(system, [replace(client, slow=True) for client in clients], stored=True)
    with load_client(system.bench, stopped) as load:
        load.open()
        # One by one: each is a frame of its own.
        check_stored(system, quiet.run(in_flight=1, senders=1, messages=BEFORE, list_acknowledged=True))
        found = _p99(system, quiet)
        _check_stopped(system)
    return found


def _beside_noise(system: System, quiet: Load, noisy: Load, noise: dict[str, Any]) -> float:
    """The neighbour goes on until the quiet room has been measured."""
    with ThreadPoolExecutor(1) as pool:
        neighbour = pool.submit(noisy.run, **noise, seconds=SECONDS + 2, list_acknowledged=True)
        found = _p99(system, quiet)
        if neighbour.done():
            raise Wrong("The neighbour was finished before the quiet room was measured")
        check_stored(system, neighbour.result())
    return found


def _check_stopped(system: System) -> None:
    """Those who do not read have to hold what they were sent first, and nothing of what came after their limit."""
    sent = (BEFORE + int(RATE * SECONDS)) * SIZE
    unread = [size for size in _unread(system.port) if size > BEFORE * SIZE / 2]
    if len(unread) != STOPPED or max(unread) >= sent:
        raise Wrong(f"{STOPPED} sockets were to leave a part of {sent} bytes unread, these did: {unread}")


def _unread(port: int) -> Iterator[int]:
    """Bytes that wait in the kernel on each connection that a server's port accepted: proc(5), /proc/net/tcp."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, queues = line.split()[1], line.split()[4]
        if int(local.split(":")[1], 16) == port:
            yield int(queues.split(":")[0], 16)
