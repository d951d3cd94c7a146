"""Durable sends acknowledged a second through the whole product path, and how long one waits.

One person a room posts messages of 1 KB on a signed-in socket and reads the room; senders are chosen at random. Each
message passes rate limit, access, position, mentions, drawing and broadcast, and is acknowledged when Postgres has it
on the disk. The textbook does the same work in its way, `select_for_update`, count and insert by the ORM, with the
same sockets, rooms and people. "Many organisations" are 20 of 5 rooms; the textbook, which knows none, has 100 rooms.
"In flight" counts the messages of all senders together. Waiting is measured in an open loop at half of the rate that
was reached, from when a message was due.

Every acknowledged message is looked up in Postgres with its text, and its reader has to get it once, in order.
"""

import statistics
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace

from tests.bench.harness import AtLeast, Below, Bench, Figure
from tests.bench.load import Client, Load, Result
from tests.bench.measures import check_stored, loaded, plan, waits
from tests.bench.systems import System, parley, textbook

ROOMS, PEOPLE, ORGANISATIONS = 100, 50, 20
SECONDS = 2.0
WAITING_SECONDS = 5.0
JUDGED = 8  # in flight
MARKUP = "**Look**, @Person 7: "


def measure(bench: Bench) -> Iterator[Figure]:
    one = {"people": PEOPLE, "rooms": ROOMS}
    many = {"people": 10, "rooms": ROOMS // ORGANISATIONS, "organisations": ORGANISATIONS}
    yield from _against_the_textbook(bench, "many rooms of one organisation", AtLeast(5, 10), one)
    yield from _against_the_textbook(bench, "many organisations", AtLeast(3), many)
    yield from _by_rooms(bench)
    yield from _with_markup(bench)


def _against_the_textbook(
    bench: Bench, where: str, target: AtLeast, seed: Mapping[str, int]
) -> Iterator[Figure]:
    with ExitStack() as stack:
        systems = {
            "textbook": stack.enter_context(textbook(bench, people=PEOPLE, rooms=ROOMS)),
            "parley": stack.enter_context(parley(bench, prefix=f"sends{len(seed)}x", **seed)),
        }
        loads = {name: stack.enter_context(_loaded(system)) for name, system in systems.items()}
        reached = 0.0
        for in_flight in (JUDGED, 1, 64):
            found = bench.alternate(
                {
                    name: lambda name=name, count=in_flight: _sends(systems[name], loads[name], count)
                    for name in systems
                }
            )
            judged = in_flight == JUDGED
            if judged:
                reached = statistics.median(found["parley"])
            yield Figure.compare(
                f"{where}, {in_flight} in flight",
                "sends/s",
                found["parley"],
                found["textbook"],
                target if judged else None,
                better="higher",
            )
        rate, load = reached / 2, loads["parley"]
        yield from waits(
            systems["parley"],
            f"{where}, p99 at half the rate ({rate:.0f}/s)",
            Below(15),
            lambda: _at(rate, load),
            lambda result: result.acknowledgement_ms.p99,
            rate=rate,
            seconds=WAITING_SECONDS,
        )


def _by_rooms(bench: Bench) -> Iterator[Figure]:
    """A room's row is locked for each batch: as many rooms as senders, then all messages into ten, and into one."""
    with ExitStack() as stack:
        system = stack.enter_context(parley(bench, prefix="rooms", people=PEOPLE, rooms=ROOMS))
        load = stack.enter_context(loaded(system, plan(system, _senders(system), stored=True)))
        found = bench.alternate(
            {
                str(rooms): lambda rooms=rooms: _sends(system, load, 64, senders=rooms)
                for rooms in (1, 10, ROOMS)
            }
        )
        for rooms, values in found.items():
            yield Figure.absolute(f"{rooms} rooms, 64 in flight", "sends/s", values)


def _with_markup(bench: Bench) -> Iterator[Figure]:
    """Markdown that needs the parser, and a mention: a person is looked up, told and shown the count."""
    with ExitStack() as stack:
        system = stack.enter_context(parley(bench, prefix="markup", people=PEOPLE, rooms=ROOMS))
        words = replace(system.words, post=system.words.post.replace("{body}", MARKUP + "{body}"))
        load = stack.enter_context(_loaded(replace(system, words=words)))
        found = [_sends(system, load, 64, markup=MARKUP) for _ in range(bench.rounds)]
        yield Figure.absolute("each with Markdown and a mention, 64 in flight", "sends/s", found)


def _loaded(system: System) -> AbstractContextManager[Load]:
    return loaded(system, plan(system, _senders(system), stored=True))


def _senders(system: System) -> Iterator[Client]:
    """One person in each room, posting and reading; the organisations take turns."""
    count = len(system.organisations)
    for number in range(ROOMS):
        organisation, room = number % count, number // count
        people = len(system.organisations[organisation]["people"])
        door = system.door(organisation, room, room % people)
        yield Client(door.path, door.headers, room=f"{organisation}.{door.room}", sender=True)


def _sends(system: System, load: Load, in_flight: int, *, senders: int = 0, markup: str = "") -> float:
    result = load.run(
        in_flight=in_flight,
        senders=senders,
        random_senders=True,
        seconds=SECONDS,
        polls=True,
        list_acknowledged=True,
    )
    _check(system, result, markup)
    return result.acknowledged / result.elapsed


def _at(rate: float, load: Load) -> Result:
    return load.run(
        rate=rate, random_senders=True, seconds=WAITING_SECONDS, polls=True, list_acknowledged=True
    )


def _check(system: System, result: Result, markup: str) -> None:
    said = [replace(one, body=markup + one.body) for one in result.acknowledged_messages]
    check_stored(system, replace(result, acknowledged_messages=said))
