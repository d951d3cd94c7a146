"""Organisations come, are migrated and go; nothing of a failure stays behind."""

import threading
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from tenants import provisioning, schemas
from tenants.addresses import AddressRefused, check_address
from tenants.db import in_organisation, leave
from tenants.models import Organisation
from tests.tenants.catalogues import catalogue, catalogues_read_to_their_end


def traces_of(schema_name: str) -> int:
    """How many schemas and roles of that name there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from pg_namespace where nspname = %s) + (select count(*) from pg_roles where rolname = %s)",
            [schema_name, schema_name],
        )
        return cursor.fetchone()[0]


def test_a_replayed_schema_equals_a_migrated_one(acme: Organisation) -> None:
    migrated = Organisation.objects.create(schema_name=schemas.new_name())
    schemas.make(migrated)
    schemas.migrate(migrated)
    try:
        assert catalogue(migrated) == catalogue(acme)
    finally:
        provisioning.release(migrated)


def test_a_claimed_organisation_is_usable_and_empty(acme: Organisation) -> None:
    made = provisioning.claim("Initech", "initech-1")
    with in_organisation(made):
        assert not Person.objects.exists()
        Person.objects.create(email="peter@initech.example", name="Peter", role="owner")
        assert Person.objects.get().pk == 1


def test_a_failed_sign_up_leaves_nothing_behind(acme: Organisation) -> None:
    before = set(Organisation.objects.values_list("schema_name", flat=True))
    with transaction.atomic():
        provisioning.claim("Initech", "initech-2")
        transaction.set_rollback(True)
    assert not Organisation.objects.filter(address="initech-2").exists()
    assert set(Organisation.objects.values_list("schema_name", flat=True)) == before
    assert provisioning.claim("Initech", "initech-2").state == Organisation.State.ACTIVE


def test_a_release_leaves_nothing_and_the_address_rests(acme: Organisation) -> None:
    made = provisioning.claim("Initech", "initech-3")
    provisioning.release(made)
    assert traces_of(made.schema_name) == 0
    with pytest.raises(AddressRefused) as refused:
        check_address("initech-3")
    assert refused.value.code == "resting"


def test_of_two_claims_of_look_alike_addresses_one_is_refused(acme: Organisation) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def claim(address: str) -> None:
        try:
            start.wait(10)
            provisioning.claim("Umbrella", address)
            outcomes.append("claimed")
        except AddressRefused as refused:
            outcomes.append(refused.code)
        finally:
            leave()

    threads = [threading.Thread(target=claim, args=[address]) for address in ("umbrella", "umbre11a")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["claimed", "lookalike"]


def test_a_spare_costs_the_same_however_many_organisations_there_are(acme: Organisation) -> None:
    schemas.current_blueprint()
    with transaction.atomic():
        before = catalogues_read_to_their_end()
        with CaptureQueriesContext(connection) as queries:
            provisioning.make_spare()
        assert catalogues_read_to_their_end() == before
        transaction.set_rollback(True)
    assert len(queries) == 8, [query["sql"] for query in queries]


def test_the_list_of_tables_is_the_schemas_own_and_asks_for_no_other(acme: Organisation) -> None:
    for place in (in_organisation(acme), nullcontext()):
        with place, transaction.atomic(), connection.cursor() as cursor:
            before = catalogues_read_to_their_end()
            found = {table.name for table in connection.introspection.get_table_list(cursor)}
            assert catalogues_read_to_their_end() == before
            cursor.execute("select tablename from pg_tables where schemaname = %s", [connection.schema_name])
            assert found >= {"django_migrations"}
            assert found == {name for (name,) in cursor.fetchall()}


def test_a_claim_costs_the_same_however_many_organisations_there_are(acme: Organisation) -> None:
    provisioning.keep_spares()
    with CaptureQueriesContext(connection) as queries:
        provisioning.claim("Initech", "initech-4")
    assert len(queries) == 10, [query["sql"] for query in queries]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ab", "malformed"),
        ("a" * 41, "malformed"),
        ("-acme", "malformed"),
        ("ac--me", "malformed"),
        ("ac_me", "malformed"),
        ("12345", "malformed"),
        ("аcme", "malformed"),  # the first letter is Cyrillic
        ("acme\x00x", "malformed"),
        ("admin", "reserved"),
        ("ADMINS", "reserved"),
        ("adm1n", "reserved"),
        ("support", "reserved"),
        ("acme", "taken"),
        ("acrne", "lookalike"),
        ("ac-me", "lookalike"),
    ],
)
def test_addresses_that_can_not_be_had(acme: Organisation, address: str, code: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        check_address(address)
    assert refused.value.code == code


def test_an_address_is_normalised(acme: Organisation) -> None:
    assert check_address("  Initech-2 ") == "initech-2"


def test_spares_are_kept_and_outdated_ones_replaced(acme: Organisation, settings: Any) -> None:
    settings.SPARE_SCHEMAS = 2
    outdated = provisioning.make_spare()
    Organisation.objects.filter(pk=outdated.pk).update(schema_version="old")
    provisioning.keep_spares()
    spares = Organisation.objects.filter(state=Organisation.State.SPARE)
    assert spares.count() >= 2
    assert not spares.filter(pk=outdated.pk).exists()
    assert traces_of(outdated.schema_name) == 0


def test_an_outdated_spare_that_is_being_claimed_is_left_alone(acme: Organisation, settings: Any) -> None:
    """An older web process claims while the new worker keeps the spares, as in every deployment."""
    settings.SPARE_SCHEMAS = 0
    outdated = provisioning.make_spare()
    Organisation.objects.filter(pk=outdated.pk).update(schema_version="old")

    def keep() -> None:
        try:
            provisioning.keep_spares()
        finally:
            leave()

    keeping = threading.Thread(target=keep)
    with transaction.atomic():
        Organisation.objects.filter(pk=outdated.pk).update(state=Organisation.State.ACTIVE)
        keeping.start()
        keeping.join(2)
    keeping.join()
    try:
        assert Organisation.objects.filter(pk=outdated.pk).exists()
        assert traces_of(outdated.schema_name) > 0
    finally:
        provisioning.release(outdated)
