"""Erasing asks twice and leaves nothing; nobody else loses anything."""

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.jobs import forget_expired
from tenants import provisioning, ratelimits, schemas, valkey
from tenants.addresses import AddressRefused, check_address
from tenants.db import in_organisation
from tenants.events import UNAVAILABLE
from tenants.jobs import enqueue
from tenants.keys import key
from tenants.models import Domain, Organisation, SignUp
from tests.events import Published
from tests.tenants.archives.belongings import Belongings, traces_of
from tests.tenants.archives.conftest import Command, Full


@pytest.fixture
def everywhere(full: Full, acme: Organisation) -> Full:
    """The organisation, with keys, jobs and a sign-up too; and its neighbour with the same."""
    for organisation in (full.organisation, acme):
        ratelimits.hit(key(organisation, "posts", 1), 10, 60)
        cache.set(key(organisation, "invitation-mails"), 1)
        with in_organisation(organisation):
            enqueue(forget_expired)
    SignUp.objects.create(
        organisation_name="Initech", address="initech", person_name="Alice", email="a@b.example",
        code_hash="", expires_at=timezone.now(),
    )  # fmt: skip
    return full


def test_an_erased_organisation_leaves_nothing(
    everywhere: Full, acme: Organisation, run: Command, published: Published
) -> None:
    schema_name = everywhere.organisation.schema_name
    assert all(traces_of(schema_name).values())
    neighbour = Belongings.of(acme), traces_of(acme.schema_name)
    run("erase", "initech", "--confirm", "initech")
    assert traces_of(schema_name) == dict.fromkeys(traces_of(schema_name), 0)
    assert not Domain.objects.filter(domain__contains="initech").exists()
    assert not SignUp.objects.exists()
    assert (Belongings.of(acme), traces_of(acme.schema_name)) == neighbour
    assert [(schema, envelope.close) for schema, envelope in published()] == [(schema_name, UNAVAILABLE)]
    with pytest.raises(AddressRefused, match="recently"):
        check_address("initech")


@pytest.mark.parametrize("typed", ["", "acme", "Initech", "initech-2", "yes"])
def test_another_address_changes_nothing(
    everywhere: Full, run: Command, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    before = Belongings.of(everywhere.organisation), traces_of(everywhere.organisation.schema_name)
    with pytest.raises(CommandError, match="nothing has changed"):
        run("erase", "initech", "--confirm", typed)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n" if typed else ""))
    with pytest.raises(CommandError, match="nothing has changed"):
        run("erase", "initech")
    after = Belongings.of(everywhere.organisation), traces_of(everywhere.organisation.schema_name)
    assert after == before


def test_the_address_is_asked_for(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("initech\n"))
    out = io.StringIO()
    call_command("erase", "initech", stdout=out, stderr=io.StringIO())
    assert "again" in out.getvalue()
    assert not Organisation.objects.filter(address="initech").exists()


@pytest.mark.parametrize("where", ["tenants.archives.traces.forget_keys", "tenants.schemas.drop"])
def test_an_erasure_that_died_is_ended_by_the_next(
    everywhere: Full, run: Command, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def die(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as planted:
        planted.setattr(where, die)
        with pytest.raises(KeyboardInterrupt):
            run("erase", "initech", "--confirm", "initech")
    assert Organisation.objects.get(address="initech").state == Organisation.State.SUSPENDED
    run("erase", "initech", "--confirm", "initech")
    assert not any(traces_of(everywhere.organisation.schema_name).values())


def test_the_operators_are_not_erased(full: Full, run: Command) -> None:
    operators = provisioning.claim("Operators", "admin", allow_reserved=True)
    try:
        with pytest.raises(CommandError, match="operators"):
            run("erase", "admin", "--confirm", "admin")
        assert Organisation.objects.get(pk=operators.pk).state == Organisation.State.ACTIVE
    finally:
        schemas.drop(operators)
        operators.domains.all().delete()
        Organisation.objects.filter(pk=operators.pk).delete()


def test_keys_are_looked_for_in_steps(everywhere: Full, run: Command, published: Published) -> None:
    """Never KEYS, which would hold up everybody; a thousand keys of others lie between."""
    client = valkey.client(10)
    client.mset({f"somebody:else:{number}": 1 for number in range(3_000)})
    before = client.info("commandstats").get("cmdstat_keys", {}).get("calls", 0)
    run("erase", "initech", "--confirm", "initech")
    assert client.info("commandstats").get("cmdstat_keys", {}).get("calls", 0) == before
    assert client.info("commandstats")["cmdstat_scan"]["calls"] >= 3
    others = list(client.scan_iter("somebody:else:*", count=1_000))
    assert len(others) == 3_000
    client.delete(*others)
