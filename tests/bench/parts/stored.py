"""Stored and fanned out: one room of 100, and the time from send to the last reader.

A message is acknowledged when it is committed; every acknowledged one is looked up in Postgres afterwards, and every
reader has to get every message once, whole and in order. CPU is that of server, Valkey and PostgreSQL. Times are of
an open loop, counted from when a message was due.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack

from tests.bench.harness import AtLeast, Below, Bench, Figure
from tests.bench.load import Load
from tests.bench.measures import check_stored, cpu_per_delivery, loaded, members, plan, waits
from tests.bench.systems import System, parley, textbook

SECONDS = 2.0
LATENCY_SECONDS = 5.0


def measure(bench: Bench) -> Iterator[Figure]:
    yield from _cost(bench)
    yield from _latency(bench, readers=100, rate=25, most=10)
    yield from _latency(bench, readers=1000, rate=20, most=25)


def _cost(bench: Bench) -> Iterator[Figure]:
    seed = {"people": 100, "rooms": 1}
    with ExitStack() as stack:
        systems = {
            "textbook": stack.enter_context(textbook(bench, **seed)),
            "parley": stack.enter_context(parley(bench, prefix="stored", **seed)),
        }
        loads = {name: stack.enter_context(_loaded(system)) for name, system in systems.items()}

        def cost(name: str, in_flight: int) -> float:
            value, result = cpu_per_delivery(
                systems[name], loads[name], in_flight=in_flight, seconds=SECONDS, list_acknowledged=True
            )
            check_stored(systems[name], result)
            return value

        for in_flight in (8, 1, 64):
            found = bench.alternate(
                {name: lambda name=name, count=in_flight: cost(name, count) for name in systems}
            )
            yield Figure.compare(
                f"stored and fanned out, 100 readers, {in_flight} in flight",
                "µs CPU",
                found["parley"],
                found["textbook"],
                AtLeast(30, 50) if in_flight == 8 else None,
            )


def _latency(bench: Bench, *, readers: int, rate: int, most: float) -> Iterator[Figure]:
    with ExitStack() as stack:
        system = stack.enter_context(parley(bench, prefix=f"late{readers}x", people=readers, rooms=1))
        load = stack.enter_context(_loaded(system))

        yield from waits(
            system,
            f"p99 from send to the last of {readers:,} readers, stored, {rate}/s",
            Below(most),
            lambda: load.run(rate=rate, seconds=LATENCY_SECONDS, polls=True, list_acknowledged=True),
            lambda result: result.last_reader_ms.p99,
            rate=rate,
            seconds=LATENCY_SECONDS,
        )


def _loaded(system: System) -> AbstractContextManager[Load]:
    return loaded(system, plan(system, members(system, [0]), stored=True))
