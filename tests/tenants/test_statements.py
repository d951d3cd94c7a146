"""Prepared statements of an organisation: in the right one, in order, and whole or not at all."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import Person
from tenants.backend import prepared
from tenants.backend.prepared import Statement
from tenants.connection import connection
from tenants.db import in_organisation
from tenants.models import Organisation

RENAME = Statement("rename", "text", "update accounts_person set name = $1")
NAMES = Statement("names", "int", "select distinct name from accounts_person limit $1")
STANDING = Statement("standing", "int", "select current_user::text, current_schema()::text limit $1")


def named() -> list[str]:
    return list(Person.objects.values_list("name", flat=True).distinct())


def test_the_same_statement_is_another_in_another_organisation(
    acme: Organisation, globex: Organisation
) -> None:
    for organisation in (acme, globex, acme, globex):
        with in_organisation(organisation), transaction.atomic():
            assert connection.run((STANDING, ("1",))) == [(organisation.schema_name,) * 2]
        with in_organisation(organisation):
            assert connection.run((STANDING, ("1",))) == [(organisation.schema_name,) * 2]


def test_what_one_organisation_asks_is_not_kept_where_another_can_read_it(
    acme: Organisation, globex: Organisation
) -> None:
    """Each role of a connection sees all that is prepared on it, with the text of the message that did."""
    secret = Statement("secret", "text", "select current_schema()::text where $1 <> '\\'")
    with in_organisation(globex):
        place = connection.place
        assert connection.run((secret, ("of Globex",))) == [(globex.schema_name,)]
    with transaction.atomic():
        connection.run_each([(place, [(NAMES, ("1",)), (secret, ("of Globex, too",))])])
    with in_organisation(acme), connection.cursor() as cursor:
        cursor.execute("select statement from pg_prepared_statements where name like 'parley%%'")
        kept = [statement for (statement,) in cursor.fetchall()]
        assert any(secret.text in statement for statement in kept)
        assert not any("of Globex" in statement for statement in kept)


def test_what_was_left_for_later_is_done_before_the_next_statement(acme: Organisation) -> None:
    with in_organisation(acme), transaction.atomic():
        connection.run((STANDING, ("1",)))
        connection.run_later((RENAME, ("O'Neill; \\",)))
        assert named() == ["O'Neill; \\"]
        connection.run_later((RENAME, ("Second",)))
        assert connection.run((NAMES, ("5",))) == [("Second",)]


def test_what_was_left_for_later_is_committed(acme: Organisation) -> None:
    with in_organisation(acme):
        with transaction.atomic():
            connection.run((STANDING, ("1",)))
            connection.run_later((RENAME, ("Later",)))
        assert named() == ["Later"]


def test_what_was_left_for_later_goes_with_its_transaction(acme: Organisation) -> None:
    with in_organisation(acme):
        with transaction.atomic():
            connection.run((STANDING, ("1",)))
            connection.run_later((RENAME, ("Lost",)))
            transaction.set_rollback(True)
        assert "Lost" not in named()
        with transaction.atomic():
            connection.run((STANDING, ("1",)))
            with transaction.atomic():
                connection.run_later((RENAME, ("Lost",)))
                transaction.set_rollback(True)
        assert "Lost" not in named()


def test_what_was_left_for_later_stays_in_its_organisation(acme: Organisation, globex: Organisation) -> None:
    with in_organisation(acme), transaction.atomic():
        connection.run((STANDING, ("1",)))
        connection.run_later((RENAME, ("Ours",)))
        with in_organisation(globex):
            assert connection.run((STANDING, ("1",))) == [(globex.schema_name,) * 2]
            assert "Ours" not in named()
        assert named() == ["Ours"]


def test_an_error_of_the_commit_leaves_nothing_and_a_usable_connection(acme: Organisation) -> None:
    twice = Statement(
        "twice",
        "bigint",
        "insert into accounts_person overriding system value select * from accounts_person where id > $1",
    )

    @transaction.atomic
    def rename_and_break() -> None:
        connection.run((STANDING, ("1",)))
        connection.run_later((RENAME, ("Half",)))
        connection.run_later((twice, ("0",)))

    with in_organisation(acme):
        with pytest.raises(IntegrityError):
            rename_and_break()
        assert "Half" not in named()
        with transaction.atomic():
            assert connection.run((STANDING, ("1",))) == [(acme.schema_name,) * 2]


def test_after_an_error_nothing_is_taken_for_prepared(acme: Organisation) -> None:
    broken = Statement("broken", "int", "select 1 / $1")
    with in_organisation(acme):
        for _ in range(3):
            with pytest.raises(DatabaseError):
                connection.run((STANDING, ("1",)), (broken, ("0",)))
            assert connection.run((broken, ("1",))) == [(1,)]


def test_only_so_much_stays_prepared(acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST", 1000)
    long = Statement("long", "int", "select 7 + $1 /* " + "long " * 20 + "*/")
    with in_organisation(acme), transaction.atomic():
        assert connection.run((long, ("0",))) == [(7,)]
        for number in range(40):
            few = Statement("few", "int", f"select {number:02} + $1")
            assert connection.run((few, ("0",))) == [(number,)]
        assert connection.run((long, ("1",))) == [(8,)]  # given up meanwhile
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_prepared_statements")
            assert cursor.fetchone() == (7,)  # the long one, and six of those used last


def test_it_is_planned_once_or_each_time_whatever_was_rolled_back(acme: Organisation) -> None:
    once = Statement("once", "int", "select 1 where $1 > 0")
    each = Statement("each", "int", "select 2 where $1 > 0", planned_each_time=True)
    with in_organisation(acme):
        connection.run((each, ("1",)))
        with transaction.atomic():
            connection.run((once, ("1",)))
            transaction.set_rollback(True)  # and the setting with it
        connection.run((once, ("1",)))
        with transaction.atomic():
            with transaction.atomic():
                connection.run((each, ("1",)))
                transaction.set_rollback(True)
            connection.run((each, ("1",)))
        connection.run((once, ("1",)))
        connection.set_autocommit(False)
        connection.run((each, ("1",)))
        connection.close()  # and the pool rolls it back
        connection.run((each, ("1",)))
        with connection.cursor() as cursor:
            cursor.execute(
                "select generic_plans, custom_plans from pg_prepared_statements "
                "where name ~ '^parley_(once|each)' order by name"
            )
            assert cursor.fetchall() == [(0, 5), (3, 0)]
