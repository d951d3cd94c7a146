"""HTTP, nothing cached for a response: a room with 50 messages, older ones, a sidebar with 100 rooms, a search in
100,000 messages, a post by form.

For each: the queries beside those of session and person; the median time at 4 clients; and requests a second at 16
clients, once in a quiet room and once while 10 messages a second are written to it. The baseline are the same pages
drawn in the plain way (tests/bench/plain): objects through templates, Markdown for each message, on Django's own
ASGI handler, with the same tables, sign-in and middleware. Server, Postgres and Valkey are on one core, the client on
the other; it looks for the right messages in every answer. Every post, also of who writes meanwhile, is looked up in
Postgres afterwards, with its text.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench import pages
from tests.bench.browsing import Ask
from tests.bench.harness import AtLeast, Below, Bench, Figure

MESSAGES = 100_000
SECONDS = 2.5
MOST_QUERIES = 3


def measure(bench: Bench) -> Iterator[Figure]:
    with pages.site(bench, messages=MESSAGES, systems=("parley", "plain")) as site:
        yield from _queries(site)
        for name, ask in _pages(site).items():
            yield from _times(site, name, ask)


def _pages(site: pages.Site) -> dict[str, Callable[[str, bool], Ask]]:
    """What to ask a system for each page, given whether somebody writes meanwhile."""
    return {
        "room with 50 messages": lambda system, writing: site.room(system, moving=writing),
        "50 older messages": lambda system, writing: site.older(system),
        "sidebar with 100 rooms": lambda system, writing: site.sidebar(),
        "search in 100,000 messages": lambda system, writing: site.search(),
        "post by form": lambda system, writing: site.post(system),
    }


def _queries(site: pages.Site) -> Iterator[Figure]:
    asks = {name: ask("parley", False) for name, ask in _pages(site).items()}
    plan = {name: [ask.method, ask.path] for name, ask in asks.items()}
    asked = {"host": site.made["host"], "session": site.made["people"][1]["session"], "pages": plan}
    found = json.loads(pages.run(site.environment, "-m", "tests.bench.page_queries", json.dumps(asked)))
    for name, count in found.items():
        yield Figure.absolute(f"{name}: queries", "queries", [count], Below(MOST_QUERIES + 1))


def _times(site: pages.Site, name: str, ask: Callable[[str, bool], Ask]) -> Iterator[Figure]:
    def browse(
        system: str, *, clients: int, writing: bool = False, seconds: float = SECONDS
    ) -> tuple[pages.Browsed, float]:
        return _browse(site, system, ask(system, writing), clients=clients, seconds=seconds, writing=writing)

    for system in site.ports:
        browse(system, clients=2, seconds=1)  # templates are compiled, connections made
    times, costs = [], []
    for _ in range(site.bench.rounds):
        done, used = browse("parley", clients=4)
        times.append(done.p50)
        costs.append(used / done.requests * 1000)
    yield Figure.absolute(f"{name}: p50 at 4 clients", "ms", times, Below(20))
    yield Figure.absolute(f"{name}: CPU of server, Postgres and Valkey", "ms for each", costs)
    for writing in (False, True):

        def rate(system: str, writing: bool = writing) -> float:
            done, _ = browse(system, clients=16, writing=writing)
            return done.requests / done.seconds

        rates = site.bench.alternate({system: partial(rate, system) for system in ("plain", "parley")})
        title = f"{name}: at 16 clients{', 10 messages/s written' if writing else ''}"
        yield Figure.compare(
            title, "requests/s", rates["parley"], rates["plain"], AtLeast(8), better="higher"
        )


def _browse(
    site: pages.Site, system: str, ask: Ask, *, clients: int, seconds: float, writing: bool
) -> tuple[pages.Browsed, float]:
    """Browse, and find every post of the page and of who writes meanwhile in Postgres afterwards; also returns the
    seconds of CPU that the system used for it."""
    before, used = site.last(system), site.cpu(system)
    done = site.browse(system, ask, clients=clients, seconds=seconds, writing=writing)
    used = site.cpu(system) - used
    site.check_posted(system, before, done.posted)
    return done, used
