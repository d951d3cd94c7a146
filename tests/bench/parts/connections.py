"""Coming in: sockets accepted, what a connected person costs in memory, and a crowd that comes back at once.

A socket counts as accepted when its person was signed in, its room subscribed to, and the newest 50 messages were
sent. In the crowd all sockets are reset at the same moment and connect again together; each has to be sent exactly
the 50 messages that were posted meanwhile.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import psycopg

from tests.bench.harness import AtLeast, Below, Bench, Figure, Wrong
from tests.bench.load import Client, Load
from tests.bench.measures import check_stored, load_client, members, plan
from tests.bench.systems import System, parley, textbook

HISTORY = 50
PEOPLE = 500
WARMING, ARRIVING = 100, 500  # people who open a page, first and in each round
CROWD = 2000
SETTLE = 2.0  # seconds after the last socket before memory is read: presence and garbage come to rest
PATIENCE = 120.0


def measure(bench: Bench) -> Iterator[Figure]:
    yield _accepted(bench)
    yield _memory(bench)
    yield from _crowd(bench)


def _accepted(bench: Bench) -> Figure:
    seed = {"people": PEOPLE, "rooms": 1}
    with ExitStack() as stack:
        systems = {
            "textbook": stack.enter_context(textbook(bench, **seed)),
            "parley": stack.enter_context(parley(bench, prefix="coming", **seed)),
        }
        loads: dict[str, Load] = {}
        for name, system in systems.items():
            wanted = replace(plan(system, members(system, [0]), stored=True), patience=PATIENCE)
            loads[name] = stack.enter_context(load_client(bench, wanted))
            loads[name].open()
            check_stored(system, loads[name].run(in_flight=1, messages=HISTORY, list_acknowledged=True))

        def rate(name: str) -> float:
            return PEOPLE / loads[name].reconnect(replayed=HISTORY).elapsed

        found = bench.alternate({name: lambda name=name: rate(name) for name in systems})
        return Figure.compare(
            "connections accepted, signed in and caught up",
            "/s",
            found["parley"],
            found["textbook"],
            AtLeast(5),
            better="higher",
        )


def _memory(bench: Bench) -> Figure:
    """Proportional set size of the server process, before and after so many people more opened a page each. All stay: who
    comes after others have left takes the memory that those gave back, and seems to need none."""
    everybody = WARMING + ARRIVING * bench.rounds
    with (
        parley(bench, prefix="memory", people=everybody, rooms=1) as system,
        ExitStack() as pages,
    ):
        _arrive(pages, system, range(WARMING))
        found = [
            _arrive(pages, system, range(first, first + ARRIVING))
            for first in range(WARMING, everybody, ARRIVING)
        ]
    return Figure.absolute("memory for each person, both sockets", "KB", found, Below(30, 20))


def _arrive(pages: ExitStack, system: System, people: range) -> float:
    """How many kilobytes each of them took."""
    before = system.rss()
    pages.enter_context(_pages(system, people)).open()
    time.sleep(SETTLE)
    return (system.rss() - before) / len(people) / 1024


def _pages(system: System, people: range) -> Load:
    """A room's socket and a personal one for each of these people."""
    personal = (
        ("send", '{"headers":{},"body":{"type":"resume"}}'),
        ("wait", '"type":"state"'),
    )
    clients = []
    for person in people:
        door = system.door(0, 0, person)
        clients.append(Client(door.path, door.headers, room=door.room))
        clients.append(Client("/ws/me/", door.headers, room="me", reader=False, opening=personal))
    wanted = plan(system, clients, stored=True)
    return load_client(system.bench, replace(wanted, patience=PATIENCE))


def _crowd(bench: Bench) -> Iterator[Figure]:
    with parley(bench, prefix="crowd", people=CROWD + 1, rooms=1) as system:
        everyone = list(members(system, [0], senders_each=1))
        writer, readers = everyone[0], [replace(one, sender=False) for one in everyone[1:]]
        epoch = system.organisations[0]["epoch"]
        resume = f'{{"headers":{{}},"body":{{"type":"resume","revision":"{{variable}}","epoch":"{epoch}"}}}}'
        wanted = replace(
            plan(system, readers, stored=True),
            opening=(("send", resume), ("wait", '"type":"resumed"')),
            patience=PATIENCE,
        )
        seconds, transactions = [], []
        with (
            load_client(bench, plan(system, [writer], stored=True)) as writing,
            load_client(bench, wanted) as load,
        ):
            writing.open()
            load.open()
            for _ in range(bench.rounds):
                load.drop()
                head = _head(system)
                posted = writing.run(in_flight=1, messages=HISTORY, list_acknowledged=True)
                check_stored(system, posted)
                if _head(system) != head + HISTORY:
                    raise Wrong(f"{HISTORY} messages moved the room from {head} to {_head(system)}")
                before = _transactions(system)
                opened = load.reconnect(
                    dict.fromkeys(range(CROWD), str(head)), replayed=HISTORY, parallel=CROWD
                )
                transactions.append((_transactions(system) - before) / CROWD)
                seconds.append(opened.elapsed)
        yield Figure.absolute(f"{CROWD:,} sockets come back at once, all caught up", "s", seconds, Below(20))
        yield Figure.absolute("… transactions for each of them", "", transactions, Below(0.5))


def _head(system: System) -> int:
    organisation = system.organisations[0]
    with psycopg.connect(system.database_url) as connection:
        query = f"select head from {organisation['schema']}.chat_room where id = %s"
        row = connection.execute(query, [organisation["rooms"][0]["id"]]).fetchone()
    assert row is not None
    return int(row[0])


def _transactions(system: System) -> int:
    """Transactions of this database so far, of everybody; statistics are written within a second."""
    time.sleep(1.2)
    with psycopg.connect(system.database_url) as connection:
        row = connection.execute(
            "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])
