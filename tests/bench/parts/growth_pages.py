"""Pages while an organisation grows: to 1,000, 100,000 and 1,000,000 messages, and to 10 and 1,000 rooms.

The median time at one client, everything on servers of its own; no target, but flat is what it should be (a sidebar
grows with its rooms, which it shows all). Messages are written by Postgres in sets, and their words indexed at the
end; that a page uses an index and no luck is proven in tests/chat/test_plans.py.
"""

from collections.abc import Iterator

from tests.bench import pages
from tests.bench.harness import Below, Bench, Figure

MESSAGES = (1_000, 100_000, 1_000_000)
ROOMS = (10, 1_000)
SECONDS = 2.0
MOST_SEEDING = 90  # seconds for a million messages


def measure(bench: Bench) -> Iterator[Figure]:
    with pages.site(bench, messages=MESSAGES[0], rooms=10) as site:
        there = MESSAGES[0]
        for messages in MESSAGES:
            if messages > there:
                took = pages.fill(site.environment, site.made, messages - there)
                there = messages
            for name in ("room", "older", "search"):
                yield _time(site, f"{name} page, {messages:,} messages", name)
    yield Figure.absolute(f"writing {messages - MESSAGES[1]:,} messages", "s", [took], Below(MOST_SEEDING))
    for rooms in ROOMS:
        with pages.site(bench, messages=rooms, rooms=rooms, prefix=f"wide{rooms}x") as site:
            yield _time(site, f"sidebar, {rooms:,} rooms", "sidebar")


def _time(site: pages.Site, title: str, name: str) -> Figure:
    ask = {
        "room": site.room,
        "older": site.older,
        "search": lambda _: site.search(),
        "sidebar": lambda _: site.sidebar(),
    }
    page = ask[name]("parley")
    site.browse("parley", page, clients=1, seconds=0.5)
    times = [site.browse("parley", page, clients=1, seconds=SECONDS).p50 for _ in range(site.bench.rounds)]
    return Figure.absolute(title, "ms at the median", times)
