"""What several organisations want done, in one transaction: one begin, one commit and two round trips for all of them.

A commit waits for the disk, and each visit of Postgres' process and of the thread finds the core's caches full of other
things; on one core a post of one of 20 organisations took 0.7 of the CPU this way. What is done are steps: a generator
that yields the statements that it needs answered, and goes on with their rows. So all can ask in one round trip, each
with the role and the search_path of its organisation in front, and each goes on inside its organisation. What else
it does (`connection.run_later`, other queries) enters by itself, as ever.

They share a transaction and so its failure: whatever one raises undoes all, and the caller does each alone. No lock may
be waited for: the steps take those that are free, or raise Held, and for the locks that nobody thinks of (a foreign
key's, a migration's) Postgres waits 20 ms. What takes half a second, such as a trigger of somebody's own, it gives up.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.db.transaction import TransactionManagementError
from django_tenants.utils import tenant_context

from tenants.backend.base import Call, Rows
from tenants.connection import connection
from tenants.models import Organisation

LONGEST = 0.5  # seconds that a statement may take

# Yields statements and goes on with the rows of each of them; with those of the last one where it is done alone.
type Steps[T] = Generator[Sequence[Call], list[Rows], T]


class Held(Exception):
    """Somebody else holds a lock that this needs: it has changed nothing, and is to be done alone."""


def finish[T](steps: Steps[T]) -> T:
    """Do `steps` alone, inside the organisation that is entered."""
    try:
        calls = next(steps)
        while True:
            calls = steps.send([connection.run(*calls)])
    except StopIteration as end:
        return end.value


def joined[T](pieces: Sequence[tuple[Organisation, Callable[[], Steps[T]]]]) -> list[T | Held]:
    """Do the steps of several organisations, which ask once at most, in one transaction. What each returns, in order.

    Raises what any of them raises, after the rollback of all.
    """
    with _hurrying(), transaction.atomic():
        begun = [_Begun(organisation, start()) for organisation, start in pieces]
        asking = [one for one in begun if one.asks]
        rows = connection.run_each([(one.place, one.asks) for one in asking]) if asking else []
        for one, found in zip(asking, rows, strict=True):
            one.go_on(found)
        if connection.is_given_up():
            raise TransactionManagementError("one of several that share a transaction gave it up")
    return [one.answer for one in begun]


@contextmanager
def _hurrying() -> Iterator[None]:
    before, connection.statement_seconds = connection.statement_seconds, LONGEST
    try:
        yield
    finally:
        connection.statement_seconds = before


class _Begun[T]:
    """Steps up to their question, `asks`, and then up to their `answer`. Each in its organisation."""

    answer: T | Held

    def __init__(self, organisation: Organisation, steps: Steps[T]) -> None:
        self._organisation, self._steps = organisation, steps
        self.asks: Sequence[Call] = ()
        with tenant_context(organisation):
            self.place = connection.place
            try:
                self.asks = next(steps)
            except StopIteration as end:
                self.answer = end.value

    def go_on(self, rows: list[Rows]) -> None:
        with tenant_context(self._organisation):
            try:
                self._steps.send(rows)
            except StopIteration as end:
                self.answer = end.value
            except Held as held:
                self.answer = held
            else:
                raise RuntimeError("steps that are done together ask once")
