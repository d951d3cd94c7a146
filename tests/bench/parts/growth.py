"""Cost grows with the work: deliveries for a second of CPU, at 10, 100, 1,000 and 5,000 readers of one room.

As `fanout`, and in the configuration that ships: one member sends, 8 messages of 1 KB in flight, nothing stored; the
CPU is that of server, Valkey and PostgreSQL. Every reader is a person of its own and has to get every message once,
whole and in order. The sizes take turns, each on a server of its own, and the ratio is to the room of 100: what a
message costs once weighs on few readers, and nothing may weigh on many.
"""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.harness import Bench, Figure
from tests.bench.measures import cpu_per_delivery, loaded, members, plan
from tests.bench.systems import parley

SIZES = (10, 100, 1000, 5000)
USUAL = 100
SECONDS = 2.0


def measure(bench: Bench, sizes: tuple[int, ...] = SIZES) -> Iterator[Figure]:
    with ExitStack() as stack:
        systems, loads = {}, {}
        for size in sizes:
            system = stack.enter_context(
                parley(bench, relay=True, prefix=f"grown{size}x", people=size, rooms=1)
            )
            wanted = plan(system, members(system, [0]), stored=False)
            systems[size], loads[size] = system, stack.enter_context(loaded(system, wanted))

        def rate(size: int) -> float:
            run = {"in_flight": 8, "release": "own", "seconds": SECONDS}
            return 1e6 / cpu_per_delivery(systems[size], loads[size], **run)[0]

        found = bench.alternate({str(size): lambda size=size: rate(size) for size in sizes})
    for size in sizes:
        yield Figure.compare(
            f"deliveries for a second of CPU, {size:,} readers of one room",
            "/CPU s",
            found[str(size)],
            found[str(USUAL)],
            better="higher",
        )
