"""Measures that several parts share: a load on a system, and what a delivery costs it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.bench.bare import bare
from tests.bench.harness import LEAST_WINDOWS, Below, Bench, Figure, Wrong
from tests.bench.load import Client, Load, Plan, Result
from tests.bench.systems import System

SIZE = 850  # bytes of a body; with what stands around it a frame has 1 KB
# As the page does (socket.js): about half of what a reader may owe (its length at three bytes a character), or some
# five seconds.
APPLIED = {"applied_frames": 128, "applied_bytes": 128 * 1024, "applied_seconds": 5.0}
WARM_UP = 0.5


def plan(system: System, clients: Iterable[Client], *, stored: bool, size: int = SIZE) -> Plan:
    """Sockets of `clients` that post (`stored`) or relay messages in this system's words."""
    words = system.words
    return Plan(
        system.port,
        list(clients),
        post=words.post if stored else words.relay,
        acknowledged=words.acknowledged if stored else None,
        opening=words.opening,
        errors=('"type":"error"', '"type":"resync"', '"type":"reset"'),
        applied=words.acknowledge or None,
        size=size,
        **(APPLIED if words.acknowledge else {}),
    )


def members(
    system: System, rooms: Iterable[int], *, organisation: int = 0, senders_each: int = 1
) -> Iterator[Client]:
    """A socket for each member of each room; the first `senders_each` of a room send too."""
    for room in rooms:
        for number, person in enumerate(system.organisations[organisation]["rooms"][room]["members"]):
            door = system.door(organisation, room, person)
            yield Client(
                door.path,
                door.headers,
                room=f"{organisation}.{door.room}",
                sender=number < senders_each,
            )


def load_client(bench: Bench, plan: Plan) -> Load:
    """A load client on its core; the bench keeps how busy it was."""
    return Load(plan, core=bench.load_core, judge=bench.judge_client)


@contextmanager
def loaded(system: System, plan: Plan) -> Iterator[Load]:
    """A load client whose sockets are open, warmed up."""
    with load_client(system.bench, plan) as load:
        load.open()
        if any(client.sender for client in plan.clients):
            load.run(in_flight=8, seconds=WARM_UP)
        yield load


def cpu_per_delivery(system: System, load: Load, **run: Any) -> tuple[float, Result]:
    """Microseconds of the server's, Valkey's and PostgreSQL's CPU for each delivery, and the run."""
    before = system.cpu()
    result = load.run(polls=True, **run)
    return (system.cpu() - before) / result.delivered * 1e6, result


def waits(
    system: System,
    name: str,
    target: Below,
    run: Callable[[], Result],
    p99: Callable[[Result], float],
    *,
    rate: float,
    seconds: float,
) -> Iterator[Figure]:
    """The p99 of what somebody waits in `run`s of an open loop of `seconds` at `rate`; and beside it, in turns, that of a
    program which computes for about half of Parley's CPU and writes to the disk, at the same rate (bare.py).

    Nine windows at least: it swings more than costs do (a post's p99 from 8 to 26 ms in one run), and one of three would
    be the figure. Raises Wrong.
    """

    def checked(result: Result) -> Result:
        check_stored(system, result)
        return result

    before = system.cpu()
    first = run()
    half = (system.cpu() - before) / first.acknowledged / 2
    checked(first)
    with bare(system.bench, system.bench.servers.folder, rate=rate, seconds=seconds, computing=half) as alone:
        found = system.bench.alternate(
            {"parley": lambda: p99(checked(run())), "bare": alone}, least=LEAST_WINDOWS
        )
    yield Figure.absolute(name, "ms", found["parley"], target)
    yield Figure.absolute(f"{name}: a bare program, {half * 1000:.2f} ms each", "ms", found["bare"])


def check_stored(system: System, *results: Result) -> None:
    """Every acknowledged message is in the database, once, with its body. Raises Wrong."""
    wanted = {one.client_id: one.body for result in results for one in result.acknowledged_messages}
    check_bodies(system.database_url, _tables(system), wanted)


def check_bodies(database_url: str, tables: Iterable[str], wanted: Mapping[str, str]) -> None:
    """Each client id of `wanted` is in the tables of messages, once, with that text. Raises Wrong."""
    found: dict[str, str] = {}
    with psycopg.connect(database_url) as connection:
        for table in tables:
            rows = connection.execute(
                f"select client_id::text, text from {table} where client_id = any(%s::uuid[])", [list(wanted)]
            )
            for client_id, text in rows:
                if client_id in found:
                    raise Wrong(f"{client_id} is stored twice")
                found[client_id] = text
    if found != wanted:
        lost = len(wanted.keys() - found.keys())
        raise Wrong(f"of {len(wanted)} acknowledged messages {lost} are missing, others have another text")


def _tables(system: System) -> list[str]:
    if system.name == "textbook":
        return ["textbook_message"]
    return [f"{organisation['schema']}.chat_message" for organisation in system.organisations]
