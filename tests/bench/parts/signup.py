"""Signing up: how long a claimed schema takes to be usable, and a spare one to be made, at 10 to 1,000 organisations.

Spare schemas are made by the product's own function until the deployment has 10, 100, 300 and 1,000 organisations;
the last few of each, made one after the other, are the figure. Whether the cost grows is judged by the
CPU of the connection's backend, because time on a disk that others use says little. At each size some are claimed as the last step of a sign-up
does it: claim, founder and hand-over token in one transaction, committed; usable means that a web process has then
answered with a page of the new organisation. It has never seen that schema: its caches of the catalogue are cold.

Checked: every founder can sign in, opens #general and posts a message that is found in the new schema; every schema
has the same relations, and a role that may use it and owns nothing.
"""

import http.cookiejar
import re
import statistics
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg

from tests.bench.harness import Below, Bench, Figure, Wrong
from tests.bench.provisioned import check_schemas, grow, manage, verb
from tests.bench.systems import System, parley, parley_environment

SIZES = (10, 100, 300, 1000)
LAST = 5  # how many of each size are measured


def measure(bench: Bench) -> Iterator[Figure]:
    last = max(LAST, bench.rounds)
    burnt: dict[int, list[float]] = {}
    manage(bench, parley_environment(bench), "collectstatic", "--noinput", "--verbosity=0")
    with parley(bench) as system:
        for size in SIZES:
            grow(bench, system.environment, size - last)
            made = verb(bench, system.environment, "spares", count=last)
            burnt[size] = [spare["cpu"] for spare in made]
            taken = [spare["time"] for spare in made]
            yield Figure.absolute(f"a spare schema is made, {size:,} organisations", "ms", taken, Below(500))
            yield Figure.absolute("… CPU of PostgreSQL", "ms", burnt[size])
            yield from _claimed(bench, system, size, last)
        check_schemas(bench, least=SIZES[-1])
    few, many = (statistics.median(burnt[size]) for size in (SIZES[0], SIZES[-1]))
    yield Figure.absolute(
        "CPU for a spare schema, 1,000 organisations against 10", "×", [many / few], Below(2)
    )


def _claimed(bench: Bench, system: System, size: int, count: int) -> Iterator[Figure]:
    addresses = [f"size{size}n{number}" for number in range(count)]
    # The first warms the process that claims, as the web process that it stands for is warm.
    warming, *made = verb(
        bench, system.environment, "founded", addresses=[f"warm{size}", *addresses], port=system.port
    )
    for one in (warming, *made):
        _use(bench, system, one)
    yield Figure.absolute(f"a claim, {size:,} organisations", "ms", [one["claim"] for one in made])
    yield Figure.absolute(
        f"… and it is usable, {size:,} organisations", "ms", [one["usable"] for one in made], Below(50)
    )


def _use(bench: Bench, system: System, made: dict[str, Any]) -> None:
    """Sign the founder in, post a message by form, and find it in the schema."""
    cookies = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))

    def ask(path: str, form: dict[str, str] | None = None) -> str:
        tokens = [cookie.value for cookie in cookies if cookie.name == "parley-csrf"]
        headers = {"Host": made["host"], "X-CSRFToken": (tokens or [""])[0] or ""}
        body = urllib.parse.urlencode(form).encode() if form else None
        url = urllib.parse.urljoin(f"http://127.0.0.1:{system.port}/", path)
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - the address is the line above
        with browser.open(request, timeout=30) as answer:
            return answer.url

    room = ask(f"/hand-over/{made['token']}/")
    if not re.search(r"/rooms/r\d+/\Z", room):
        raise Wrong(f"{made['host']}: the founder landed on {room}, not in a room")
    text = f"first of {uuid.uuid4()}"
    ask(f"{urllib.parse.urlsplit(room).path}messages/", {"text": text, "client_id": str(uuid.uuid4())})
    with psycopg.connect(bench.servers.database_url) as connection:
        stored = connection.execute(f'select text from "{made["schema"]}".chat_message').fetchall()
    if stored != [(text,)]:
        raise Wrong(f"{made['host']}: {stored} stored, not {text!r}")
