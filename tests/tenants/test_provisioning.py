"""Organisations come, are migrated and go; nothing of a failure stays behind."""

import threading
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from tenants import migrating, provisioning, schemas
from tenants.addresses import AddressRefused, check_address
from tenants.db import as_owner, in_organisation, leave
from tenants.models import Blueprint, Organisation

_CATALOGUE = """
select 'column', relation.relname, attribute.attname, format_type(attribute.atttypid, attribute.atttypmod),
       attribute.attnotnull, attribute.attidentity, pg_get_expr(value.adbin, value.adrelid)
from pg_attribute attribute join pg_class relation on relation.oid = attribute.attrelid
left join pg_attrdef value on value.adrelid = relation.oid and value.adnum = attribute.attnum
where relation.relnamespace = %(schema)s::regnamespace and relation.relkind in ('r', 'S') and attribute.attnum > 0
  and not attribute.attisdropped
union all
select 'index', tablename, indexname, replace(indexdef, %(schema)s, ''), null, null, null from pg_indexes
where schemaname = %(schema)s
union all
select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), null, null, null
from pg_constraint where connamespace = %(schema)s::regnamespace and contype <> 'n'
order by 1, 2, 3
"""


def catalogue(organisation: Organisation) -> list[Any]:
    with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute(_CATALOGUE, {"schema": organisation.schema_name})
        return cursor.fetchall()


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


def _catalogues_read_to_their_end() -> int:
    """How often this connection's transaction read a whole catalogue that holds every organisation's relations."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select sum(pg_stat_get_xact_numscans(name::regclass)) from unnest(%s::text[]) name",
            [["pg_class", "pg_attribute", "pg_constraint", "pg_index"]],
        )
        return cursor.fetchone()[0]


def test_a_spare_costs_the_same_however_many_organisations_there_are(acme: Organisation) -> None:
    schemas.current_blueprint()
    with transaction.atomic():
        before = _catalogues_read_to_their_end()
        with CaptureQueriesContext(connection) as queries:
            provisioning.make_spare()
        assert _catalogues_read_to_their_end() == before
        transaction.set_rollback(True)
    assert len(queries) == 8, [query["sql"] for query in queries]


def test_the_list_of_tables_is_the_schemas_own_and_asks_for_no_other(acme: Organisation) -> None:
    for place in (in_organisation(acme), nullcontext()):
        with place, transaction.atomic(), connection.cursor() as cursor:
            before = _catalogues_read_to_their_end()
            found = {table.name for table in connection.introspection.get_table_list(cursor)}
            assert _catalogues_read_to_their_end() == before
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


def _set_back(organisation: Organisation) -> None:
    """Make the schema lack the last migration of notifications, which made its only table."""
    with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute("drop table notifications_notification")
        cursor.execute("delete from django_migrations where app = 'notifications'")
    Organisation.objects.filter(pk=organisation.pk).update(schema_version="before")


def _has_notifications(organisation: Organisation) -> bool:
    with in_organisation(organisation), connection.cursor() as cursor:
        cursor.execute("select to_regclass('notifications_notification') is not null")
        return cursor.fetchone()[0]


def test_only_what_is_behind_is_migrated_and_one_failure_stops_nobody(acme: Organisation) -> None:
    first, broken, last = (provisioning.claim(f"Late {number}", f"late-one-{number}") for number in "abc")
    for organisation in (first, broken, last):
        _set_back(organisation)
    with in_organisation(broken), as_owner(), connection.cursor() as cursor:
        cursor.execute("create table notifications_notification (in_the_way int)")
    report = migrating.migrate_all(spares=False)
    assert set(report.broken) == {broken.schema_name}
    assert report.migrated == 2
    assert _has_notifications(first) and _has_notifications(last)
    with in_organisation(last):  # as its own role: the new table is granted to it
        assert connection.introspection.table_names()
        Person.objects.create(email="a@b.example", name="A")
    with in_organisation(broken), as_owner(), connection.cursor() as cursor:
        cursor.execute("drop table notifications_notification")
    again = migrating.migrate_all(spares=False)
    assert (again.migrated, again.broken) == (1, {})
    assert _has_notifications(broken)
    assert catalogue(broken) == catalogue(acme)


def test_a_second_run_has_nothing_to_do(acme: Organisation) -> None:
    report = migrating.migrate_all(spares=False)
    assert (report.migrated, report.broken) == (0, {})
    assert Blueprint.objects.filter(version=schemas.code_version()).count() == 1
