"""Parley as it is deployed, without its proxy: two uvicorn processes and daphne on one PostgreSQL and one Valkey.

`deploy/prove.py` does the same behind nginx; it needs programs of the system's and is no test.
"""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack

import psycopg
import pytest
from watchfiles import watch

from config import embedded
from tests.deploy.production import BASE_DOMAIN, PATIENCE, Browser, Production
from tests.servers import free_port
from tests.workers import only_here

ACME = f"acme.{BASE_DOMAIN}"


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    only_here(tmp_path_factory, "production")
    with embedded.start() as servers:
        running = Production(tmp_path_factory.mktemp("production"), servers, free_port())
        try:
            running.prepare()
            running.start_worker()
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module")
def first(production: Production) -> int:
    """The port of a uvicorn process."""
    port = free_port()
    production.start_web("first", port)
    return port


@pytest.fixture(scope="module")
def second(production: Production) -> int:
    """The port of another."""
    port = free_port()
    production.start_web("second", port)
    return port


@pytest.fixture(scope="module")
def daphne(production: Production) -> int:
    """The port of a daphne process."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "daphne",
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "config.asgi:application",
    ]
    production.start("daphne", command)
    return port


@pytest.fixture(scope="module")
def alice(production: Production, first: int) -> Browser:
    return Browser(production, ACME, first).sign_in("alice@acme.example")


@pytest.fixture(scope="module")
def bob(production: Production, second: int) -> Browser:
    return Browser(production, ACME, second).sign_in("bob@acme.example")


def test_the_settings_pass_their_own_check(production: Production) -> None:
    assert "DEBUG" not in " ".join(production.environment)
    production.manage("check", "--deploy", "--database", "default", "--fail-level", "WARNING")


def test_the_login_is_no_superuser(production: Production) -> None:
    with psycopg.connect(production.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
        ).fetchone()
    assert row == (False, False, True)


def test_migrating_again_changes_nothing(production: Production) -> None:
    assert "0 organisations migrated" in production.manage("migrate_organisations")


def test_a_process_says_that_it_is_well(production: Production, first: int) -> None:
    answer = Browser(production, "10.0.0.1", first).get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"postgres": "ok", "valkey": "ok", "build": "proof"}


def test_static_files_are_compressed_and_kept_for_ever(alice: Browser) -> None:
    page = alice.get("/accounts/login/")
    paths = set(re.findall(r'"(/static/[^"]+)"', alice.get("/", follow_redirects=True).text + page.text))
    assert paths
    for path in paths:
        answer = alice.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, path
        assert re.search(r"\.[0-9a-f]{12}\.", path), path
        assert "immutable" in answer.headers["cache-control"], path
        if len(answer.content) > 2000 and path.endswith((".css", ".js", ".svg")):
            assert answer.headers["content-encoding"] == "gzip", path


def test_cookies_belong_to_one_host_and_to_https(alice: Browser) -> None:
    assert set(alice.attributes) >= {"__Host-parley-session", "__Host-parley-csrf"}
    for morsel in alice.attributes.values():
        assert (
            morsel["secure"]
            and morsel["path"] == "/"
            and not morsel["domain"]
            and morsel["samesite"] == "Lax"
        )
    assert alice.attributes["__Host-parley-session"]["httponly"]


def test_answers_carry_the_headers_that_protect_them(alice: Browser) -> None:
    headers = alice.get("/", follow_redirects=True).headers
    assert "max-age=31536000" in headers["strict-transport-security"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in re.sub(r"style-src-attr[^;]*", "", headers["content-security-policy"])
    assert headers["x-frame-options"] == "DENY"
    assert {"private", "no-store"} <= set(headers["cache-control"].split(", "))
    assert "server" not in headers


def test_plain_http_is_sent_to_https(production: Production, first: int) -> None:
    answer = Browser(production, ACME, first).get("/", headers={"X-Forwarded-Proto": "http"})
    assert answer.status_code == 301
    assert answer.headers["location"].startswith(f"https://{ACME}")


@pytest.mark.parametrize("host", [f"nobody.{BASE_DOMAIN}", "elsewhere.example", "127.0.0.1"])
def test_an_unknown_host_is_not_found(production: Production, first: int, host: str) -> None:
    assert Browser(production, host, first).get("/").status_code == 404


def test_certificates_are_made_for_known_names(production: Production, first: int) -> None:
    public = Browser(production, BASE_DOMAIN, first)
    assert public.get(f"/domains/ask?domain={ACME}").status_code == 200
    assert public.get("/domains/ask?domain=elsewhere.example").status_code == 404


def test_mails_are_sent_by_the_worker(production: Production, first: int) -> None:
    Browser(production, ACME, first).submit("/accounts/password/reset/", email="bob@acme.example")
    production.mails.mkdir(parents=True, exist_ok=True)
    moments = int(PATIENCE * 4)
    for _ in watch(production.mails, rust_timeout=250, yield_on_timeout=True):
        if mails := list(production.mails.iterdir()):
            break
        moments -= 1
        assert moments, (production.folder / "worker.log").read_text()
    assert f"https://{ACME}:{production.public_port}/accounts/password/reset/key/" in mails[0].read_text()


def test_an_error_is_one_json_line_with_its_traceback(production: Production) -> None:
    raising = (
        "import logging\ntry: 1 / 0\nexcept ZeroDivisionError: logging.getLogger('chat').exception('broken')"
    )
    (line,) = [
        line for line in production.manage("shell", "--command", raising).splitlines() if "broken" in line
    ]
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert "Traceback" in entry["exception"] and "ZeroDivisionError" in entry["exception"]


def test_a_bucket_needs_no_endpoint(production: Production) -> None:
    asked = "from django.core.files.storage import default_storage as s; print(s.bucket_name, s.endpoint_url)"
    production.environment |= {"PARLEY_S3_BUCKET": "pictures", "PARLEY_S3_ENDPOINT": ""}
    try:
        assert "pictures None" in production.manage("shell", "--command", asked)
    finally:
        del production.environment["PARLEY_S3_BUCKET"], production.environment["PARLEY_S3_ENDPOINT"]


async def test_people_on_different_processes_see_each_other(
    production: Production, alice: Browser, bob: Browser
) -> None:
    path = f"/ws/rooms/r{production.rooms['acme']}/"
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        here, there = await alice.open(stack, path), await bob.open(stack, path)
        await here.resume()
        await there.resume()
        await here.post("Hello from the first process")
        await there.until("messages", "Hello from the first process")
        await there.post("And from the second")
        await here.until("messages", "And from the second")


async def test_daphne_serves_the_same_application(
    production: Production, alice: Browser, bob: Browser, daphne: int
) -> None:
    path = f"/ws/rooms/r{production.rooms['acme']}/"
    assert Browser(production, ACME, daphne).get("/accounts/login/").status_code == 200
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        here, there = await bob.open(stack, path), await alice.open(stack, path, port=daphne)
        await here.resume()
        await there.resume()
        posted = await there.post("By way of daphne")
        own = await there.until("messages", "By way of daphne")
        assert f'data-id="{posted}"' in own["content"]
        await here.until("messages", "By way of daphne")
