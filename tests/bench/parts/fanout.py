"""What a delivery costs: CPU of server and Valkey for each message that reaches a reader, not stored.

One member of a room sends, all of them read; messages of 1 KB, 8 in flight unless said otherwise. A message comes in
on the sender's socket, goes through Valkey and out to every reader, in the textbook and in Parley alike; nothing is
stored (`tests.bench.relay`). Every reader has to get every message once, whole and in order.
"""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.harness import LEAST_WINDOWS, AtLeast, Bench, Figure
from tests.bench.load import Load
from tests.bench.measures import cpu_per_delivery, loaded, members, plan
from tests.bench.systems import STOCK, System, parley, textbook

SECONDS = 2.0
LONGER = 6.0  # in rooms of ten a reader owes 128 frames only after three seconds: the acknowledging belongs to the work
UNIT = "µs CPU"


def measure(bench: Bench) -> Iterator[Figure]:
    yield from _one_room(bench)
    yield from _thousand(bench, rooms=1, least=120, aim=200, name="1,000 readers of one room")
    yield from _thousand(
        bench, rooms=100, least=30, aim=40, name="1,000 readers in 100 rooms, random senders"
    )


def _one_room(bench: Bench) -> Iterator[Figure]:
    seed = {"people": 100, "rooms": 1}
    with ExitStack() as stack:
        systems = {
            "textbook": stack.enter_context(textbook(bench, **seed)),
            "stock": stack.enter_context(parley(bench, ws=STOCK, relay=True, prefix="stock", **seed)),
            "shipped": stack.enter_context(parley(bench, relay=True, prefix="shipped", **seed)),
        }
        loads = _loads(stack, systems)
        for in_flight in (8, 1, 64):
            found = _alternate(bench, systems, loads, in_flight=in_flight, release="own")
            words = f"{in_flight} in flight"
            judged = in_flight == 8
            yield Figure.compare(
                f"100 readers, stock uvicorn, {words}",
                UNIT,
                found["stock"],
                found["textbook"],
                AtLeast(15, 20) if judged else None,
            )
            yield Figure.compare(
                f"100 readers, as shipped, {words}",
                UNIT,
                found["shipped"],
                found["textbook"],
                AtLeast(60, 100) if judged else None,
            )


def _thousand(bench: Bench, *, rooms: int, least: float, aim: float, name: str) -> Iterator[Figure]:
    """As many distinct people as readers."""
    seed = {"people": 1000, "rooms": rooms, "members": 1000 // rooms}
    with ExitStack() as stack:
        systems = {
            "textbook": stack.enter_context(textbook(bench, **seed)),
            "shipped": stack.enter_context(parley(bench, relay=True, prefix=f"of{rooms}x", **seed)),
        }
        loads = _loads(stack, systems, rooms)
        seconds = LONGER if rooms > 1 else SECONDS
        found = _alternate(
            bench, systems, loads, seconds, in_flight=8, release="own", random_senders=rooms > 1
        )
        yield Figure.compare(name, UNIT, found["shipped"], found["textbook"], AtLeast(least, aim))


def _loads(stack: ExitStack, systems: dict[str, System], rooms: int = 1) -> dict[str, Load]:
    return {
        name: stack.enter_context(loaded(system, plan(system, members(system, range(rooms)), stored=False)))
        for name, system in systems.items()
    }


def _alternate(
    bench: Bench, systems: dict[str, System], loads: dict[str, Load], seconds: float = SECONDS, **run: object
) -> dict[str, list[float]]:
    def cost(name: str) -> float:
        return cpu_per_delivery(systems[name], loads[name], seconds=seconds, **run)[0]

    return bench.alternate({name: lambda name=name: cost(name) for name in systems}, least=LEAST_WINDOWS)
