"""Several organisations in one transaction: each in its own role and schema, whatever the others do."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, ProgrammingError, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import Person
from tenants.backend.prepared import Statement
from tenants.connection import connection
from tenants.db import current_organisation, in_organisation
from tenants.joined import Held, Steps, finish, joined
from tenants.models import Organisation
from tests.locks import holding

STANDING = Statement("standing", "int", "select current_user::text, current_schema()::text limit $1")
NAMED = Statement("named", "text", "select count(*) from accounts_person where name = $1")
RENAME = Statement("rename", "text", "update accounts_person set name = $1")
FAIL = Statement("fail", "int", "select 1 / $1")
SELECT = "select current_user::text, current_schema()::text"


def looking(then: Callable[[], Any] = lambda: None) -> Steps[Any]:
    (standing, _) = yield (STANDING, ("1",)), (NAMED, ("Nobody",))
    return current_organisation().schema_name, standing, then()


def renaming(name: str, then: Callable[[], Any] = lambda: None) -> Steps[Any]:
    ((count,),) = (yield ((NAMED, (name,)),))[-1]
    connection.run_later((RENAME, (name,)))
    return count, then()


def asked() -> Any:
    with connection.cursor() as cursor:
        cursor.execute(SELECT)
        return cursor.fetchone()


def current_user() -> str:
    """The login's own role."""
    with connection.cursor() as cursor:
        cursor.execute("select session_user::text")
        (name,) = cursor.fetchone()
    return str(name)


def undone() -> None:
    """A savepoint is rolled back, and what was set since."""
    with transaction.atomic():
        asked()
        transaction.set_rollback(True)


def names(organisation: Organisation) -> set[str]:
    with in_organisation(organisation):
        return set(Person.objects.values_list("name", flat=True))


def test_each_asks_and_goes_on_in_its_own_organisation(acme: Organisation, globex: Organisation) -> None:
    for order in ([acme, globex], [globex, acme, globex]):
        found = joined([(one, partial(looking, asked)) for one in order])
        own = [(one.schema_name, one.schema_name) for one in order]
        assert found == [(one.schema_name, [here], here) for one, here in zip(order, own, strict=True)]
        for one in order:
            with in_organisation(one):
                assert asked() == (one.schema_name, one.schema_name)
        assert asked() == (current_user(), "public")


@pytest.mark.parametrize("then", [lambda: None, asked, undone])
def test_what_is_left_for_later_stays_in_its_organisation(
    acme: Organisation, globex: Organisation, then: Callable[[], Any]
) -> None:
    for turn in range(3):
        joined(
            [
                (acme, partial(renaming, f"Ours {turn}", then)),
                (globex, partial(renaming, f"Theirs {turn}", then)),
            ]
        )
        assert (names(acme), names(globex)) == ({f"Ours {turn}"}, {f"Theirs {turn}"})


def test_whatever_one_raises_undoes_all(acme: Organisation, globex: Organisation) -> None:
    def crossing() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"select * from {acme.schema_name}.accounts_person")

    before = names(acme), names(globex)
    with pytest.raises(ProgrammingError, match="permission denied"):
        joined([(acme, partial(renaming, "Ours")), (globex, partial(renaming, "Theirs", crossing))])
    assert (names(acme), names(globex)) == before
    joined([(acme, partial(renaming, "Ours")), (globex, partial(renaming, "Theirs"))])
    assert (names(acme), names(globex)) == ({"Ours"}, {"Theirs"})


def test_one_that_finds_something_held_leaves_the_others(acme: Organisation, globex: Organisation) -> None:
    def held() -> Steps[Any]:
        yield ((NAMED, ("Nobody",)),)
        raise Held

    found = joined([(acme, held), (globex, partial(renaming, "Theirs"))])
    assert isinstance(found[0], Held) and found[1] == (0, None)
    assert names(globex) == {"Theirs"} and names(acme) != {"Theirs"}


def test_steps_that_ask_nothing(acme: Organisation, globex: Organisation) -> None:
    def answered() -> Steps[Any]:
        return "at once"
        yield ()

    assert joined([(acme, answered), (globex, answered)]) == ["at once"] * 2
    assert joined([(acme, answered), (globex, partial(renaming, "Theirs"))]) == ["at once", (0, None)]


def test_alone_steps_ask_as_often_as_they_like(acme: Organisation) -> None:
    def twice() -> Steps[Any]:
        first = yield ((STANDING, ("1",)),)
        return [first, (yield ((STANDING, ("1",)),))]

    with in_organisation(acme), transaction.atomic():
        assert finish(twice()) == [[[(acme.schema_name,) * 2]]] * 2


def test_nobody_waits_for_long_for_what_one_is_refused(acme: Organisation, globex: Organisation) -> None:
    before = names(acme), names(globex)
    with (
        holding(acme, Person.objects.select_for_update),
        pytest.raises(OperationalError, match="lock timeout"),
    ):
        joined([(globex, partial(renaming, "Theirs")), (acme, partial(renaming, "Ours"))])
    assert (names(acme), names(globex)) == before


def test_what_is_left_for_later_in_between_leads_nobody_astray(
    acme: Organisation, globex: Organisation
) -> None:
    """The connection goes to another organisation's place for it, and has to come back."""
    ours = (acme.schema_name,) * 2
    with in_organisation(acme), transaction.atomic():
        assert asked() == ours
        with in_organisation(globex):
            connection.run_later((RENAME, ("Theirs",)))
        assert asked() == ours
    with in_organisation(acme):
        assert asked() == ours
    assert names(globex) == {"Theirs"} and names(acme) != {"Theirs"}


def test_steps_that_do_without_asking_stay_in_their_organisation(
    acme: Organisation, globex: Organisation
) -> None:
    def doing[T](does: Callable[[], T]) -> Steps[T]:
        return does()
        yield ()

    later = partial(connection.run_later, (RENAME, ("Theirs",)))
    found = joined(
        [(acme, partial(doing, asked)), (globex, partial(doing, later)), (acme, partial(doing, asked))]
    )
    assert found == [(acme.schema_name,) * 2, None, (acme.schema_name,) * 2]
    assert names(globex) == {"Theirs"} and names(acme) != {"Theirs"}


def test_what_is_left_for_later_before_the_question_is_done_before_it(
    acme: Organisation, globex: Organisation
) -> None:
    def early() -> Steps[Any]:
        connection.run_later((RENAME, ("Early",)))
        ((count,),) = (yield ((NAMED, ("Early",)),))[-1]
        return count

    (found, _) = joined([(acme, early), (globex, partial(renaming, "Theirs"))])
    assert found > 0
    assert (names(acme), names(globex)) == ({"Early"}, {"Theirs"})


def test_nobody_is_answered_what_was_rolled_back(acme: Organisation, globex: Organisation) -> None:
    def giving_up() -> None:
        transaction.set_rollback(True)

    def failing() -> None:
        connection.run_later((FAIL, (0,)))

    def swallowing() -> None:
        try:
            with transaction.atomic():
                asked()
        except DatabaseError:
            pass

    before = names(acme), names(globex)
    for ours, theirs in ((lambda: None, giving_up), (failing, swallowing)):
        with pytest.raises((TransactionManagementError, DatabaseError)):
            joined([(acme, partial(renaming, "Ours", ours)), (globex, partial(renaming, "Theirs", theirs))])
        assert (names(acme), names(globex)) == before


def test_a_call_that_answers_without_rows_is_refused(acme: Organisation, globex: Organisation) -> None:
    """Whose the next rows are could not be told."""

    def rowless() -> Steps[Any]:
        return (yield ((RENAME, ("Ours",)),))

    before = names(acme)
    with pytest.raises(ValueError, match="answers with rows"):
        joined([(acme, rowless), (globex, looking)])
    assert names(acme) == before
