"""A statement that a connection has prepared answers for the organisation that is entered, and for no other."""

from typing import Any

import pytest
from django.db import NotSupportedError, ProgrammingError, connection, transaction

from chat.models import Room
from tenants.db import as_owner, in_organisation
from tenants.models import Organisation
from tenants.prepared import Prepared, array
from tests.chat.pages import queries


def test_one_connection_serves_each_organisation_its_own(alice: Any, mallory: Any) -> None:
    emails = Prepared("test_emails", "select email from accounts_person where kind = %(kind)s", kind="text")
    for person, other in ((alice, mallory), (mallory, alice), (alice, mallory)):
        with in_organisation(person.organisation):
            found = {email for (email,) in emails.rows(kind="person")}
            assert person.email in found
            assert other.email not in found


def test_outside_of_an_organisation_it_finds_nothing(alice: Any) -> None:
    names = Prepared("test_names", "select name from accounts_person where id = %(person)s", person="bigint")
    with in_organisation(alice.organisation):
        assert names.row(person=alice.pk) == (alice.name,)
    with pytest.raises(ProgrammingError):
        names.row(person=alice.pk)


def test_it_is_one_query_and_takes_lists(acme: Organisation) -> None:
    twice = Prepared("test_twice", "select unnest(%(numbers)s) * 2", numbers="bigint[]")
    with in_organisation(acme):
        twice.rows(numbers="{}")
        with queries() as asked:
            assert twice.rows(numbers=array([1, 2])) == [(2,), (4,)]
    assert len(asked) == 1


def test_a_column_that_changed_its_type_is_no_error(acme: Organisation) -> None:
    longest = Room._meta.get_field("topic").max_length
    topics = Prepared("test_topics", "select topic from chat_room where topic <> %(topic)s", topic="text")
    with in_organisation(acme), as_owner(), connection.cursor() as cursor:
        topics.rows(topic="")
        cursor.execute("alter table chat_room alter column topic type varchar(999)")
        try:
            with pytest.raises(NotSupportedError), transaction.atomic():
                topics.rows(topic="")  # nothing can follow an error in a transaction
            assert topics.rows(topic="") == []
        finally:
            cursor.execute("alter table chat_room alter column topic type varchar(%s)", [longest])
