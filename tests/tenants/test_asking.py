"""Which host names a certificate is made for, and what a load balancer hears."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from httpx import ASGITransport, AsyncClient, Response

from config.asgi import application
from tenants import asking, health, hosts, provisioning
from tenants.models import Domain, Organisation
from tests import servers


def ask(public: Client, domain: str) -> int:
    hosts.forget()
    return public.get("/domains/ask", {"domain": domain}).status_code


def test_names_of_the_deployment_and_of_active_organisations_get_a_certificate(
    public: Client, acme: Organisation
) -> None:
    Domain.objects.create(
        domain="chat.acme.example", tenant=acme, is_primary=False, verified_at=datetime.now(UTC)
    )
    assert ask(public, settings.BASE_DOMAIN) == 200
    assert ask(public, acme.host) == 200
    assert ask(public, acme.host.upper()) == 200
    assert ask(public, "chat.acme.example") == 200


def test_other_names_do_not(public: Client, acme: Organisation) -> None:
    Domain.objects.create(domain="claimed.example", tenant=acme, is_primary=False)
    provisioning.suspend(acme)
    for name in (
        acme.host,
        "claimed.example",
        "nobody.localhost",
        f"a.{acme.host}",
        "",
        "a b",
        "\0",
        "é.example",
    ):
        assert ask(public, name) == 404, name
    spare = provisioning.make_spare()
    assert ask(public, f"{spare.schema_name}.{settings.BASE_DOMAIN}") == 404


def test_only_the_public_site_is_asked(acme: Organisation) -> None:
    assert Client(headers={"host": acme.host}).get("/domains/ask", {"domain": acme.host}).status_code == 404
    assert Client(headers={"host": "localhost"}).post("/domains/ask").status_code in (403, 405)


def test_asking_is_limited(public: Client, acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_LIMIT", 2)
    asker = {"REMOTE_ADDR": "192.0.2.7"}
    for _ in range(2):
        assert public.get("/domains/ask", {"domain": acme.host}, **asker).status_code == 200
    answer = public.get("/domains/ask", {"domain": acme.host}, **asker)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1


async def healthz(method: str = "GET", host: str = "10.0.0.7:8000") -> Response:
    health._asking = None
    async with AsyncClient(transport=ASGITransport(application), base_url=f"http://{host}") as client:
        return await client.request(method, "/healthz")


async def test_a_healthy_process_says_so_on_any_host() -> None:
    answer = await healthz()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"postgres": "ok", "valkey": "ok", "build": settings.BUILD}
    assert (await healthz("HEAD")).content == b""
    assert (await healthz("POST", settings.BASE_DOMAIN)).status_code in (403, 404)


async def test_without_valkey_a_process_stays_in_service() -> None:
    assert servers.servers is not None
    servers.servers.stop_valkey()
    try:
        answer = await healthz()
    finally:
        servers.servers.start_valkey()
    assert (answer.status_code, answer.json()["valkey"]) == (200, "away")


async def test_without_postgres_a_process_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "/nowhere")
    answer = await healthz()
    assert (answer.status_code, answer.json()["postgres"]) == (503, "away")


async def test_a_postgres_that_only_accepts_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "127.0.0.1")
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", port)
    monkeypatch.setattr(health, "WITHIN", 0.1)
    answer = await healthz()
    assert json.loads(answer.content)["postgres"] == "away"
    silent.close()


async def test_many_questions_ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def count() -> bool:
        asked.append(1)
        return True

    monkeypatch.setattr(health, "_ask_postgres", count)
    health._asking = None
    answers = await asyncio.gather(*(health.current_state() for _ in range(50)))
    assert len(asked) == 1
    assert {answer["postgres"] for answer in answers} == {"ok"}
