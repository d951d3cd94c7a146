"""A thread that goes from one organisation to the next keeps its connection, and nothing else."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.utils import DataError

from tenants.db import leave, on_thread, settle, within
from tenants.lanes import Lanes
from tenants.models import Organisation
from tests.sockets import aside


@dataclass
class Piece:
    """Work that is awaited."""

    organisation: Organisation
    function: Callable[[], Any]
    future: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def do(self) -> Any:
        return within(self.organisation, self.function)

    def done(self, answer: Any, error: BaseException | None) -> None:
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(answer)


def _ask(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def _where() -> Any:
    return _ask("select pg_backend_pid(), current_schema(), current_user, current_setting('search_path')")


async def _done(lanes: Lanes, *pieces: Piece) -> list[Any]:
    for piece in pieces:
        lanes.put(piece)
    return await asyncio.gather(*(piece.future for piece in pieces), return_exceptions=True)


async def test_organisations_share_a_connection_each_in_its_own_role_and_schema(
    acme: Organisation, globex: Organisation
) -> None:
    order = [acme, globex, acme, acme, globex]
    found = await _done(Lanes(1, 1), *(Piece(one, _where) for one in order))
    assert len({pid for pid, *_ in found}) == 1
    assert [(schema, role) for _, schema, role, _ in found] == [(one.schema_name,) * 2 for one in order]
    assert not any(
        other.schema_name in path for (*_, path), other in zip(found, [globex, acme], strict=False)
    )


async def test_a_piece_that_fails_is_undone_and_the_next_ones_are_as_ever(
    acme: Organisation, globex: Organisation
) -> None:
    def rename_and_fail() -> None:
        _ask("update accounts_person set name = 'Nobody' returning id")
        _ask("select 1 / 0")

    nobodies = "select count(*) from accounts_person where name = 'Nobody'"
    lanes = Lanes(1, 1)
    failed, where, count, there = await _done(
        lanes,
        Piece(acme, rename_and_fail),
        Piece(globex, _where),
        Piece(acme, lambda: _ask(nobodies)),
        Piece(globex, lambda: _ask(nobodies)),
    )
    assert isinstance(failed, DataError)
    assert where[1:3] == (globex.schema_name,) * 2
    assert count == there == (0,)


@pytest.mark.parametrize(("few", "most"), [(2, 2), (1, 2)])
async def test_one_that_waits_holds_one_lane(
    acme: Organisation, globex: Organisation, few: int, most: int
) -> None:
    """Whichever lanes were idle before; and where there are too few, another one helps."""
    lanes, goes_on = Lanes(few, most), threading.Event()
    await _done(lanes, Piece(acme, _where), Piece(globex, _where))
    for _ in range(5):
        goes_on.clear()
        waiting = Piece(acme, lambda: goes_on.wait(10))
        lanes.put(waiting)
        found = await asyncio.wait_for(_done(lanes, Piece(globex, _where), Piece(acme, _where)), 5)
        assert [schema for _, schema, *_ in found] == [globex.schema_name, acme.schema_name]
        assert not waiting.future.done()
        goes_on.set()
        assert await waiting.future


async def test_beside_one_that_waits_the_others_share_a_lane(
    acme: Organisation, globex: Organisation
) -> None:
    """And do not open one each."""
    goes_on, threads = threading.Event(), 0

    def start(serve: Callable[[], None]) -> None:
        nonlocal threads
        threads += 1
        on_thread(serve)

    lanes = Lanes(1, 5, patience=0.3, start=start)
    waiting = Piece(acme, lambda: goes_on.wait(10))
    lanes.put(waiting)
    found = await asyncio.wait_for(_done(lanes, *(Piece(globex, _where) for _ in range(20))), 5)
    assert threads == 2
    assert len({pid for pid, *_ in found}) == 1
    goes_on.set()
    assert await waiting.future


@asynccontextmanager
async def _one_of_two_held_up(organisation: Organisation) -> AsyncIterator[tuple[Lanes, threading.Event]]:
    """Two lanes: the first stays held up, the other one, that of odd numbers, goes on with the event."""
    lanes, loop, events, held = Lanes(2, 2), asyncio.get_running_loop(), [], []
    for _ in range(2):
        begun, event = asyncio.Event(), threading.Event()

        def wait(begun: asyncio.Event = begun, event: threading.Event = event) -> bool:
            loop.call_soon_threadsafe(begun.set)
            return event.wait(10)

        events.append(event)
        held.append(Piece(organisation, wait))
        lanes.put(held[-1])
        await asyncio.wait_for(begun.wait(), 5)
    ends, goes_on = events
    yield lanes, goes_on
    ends.set()
    assert all(await asyncio.gather(*(piece.future for piece in held)))


async def test_what_waits_longest_goes_first(acme: Organisation) -> None:
    order: list[int] = []
    async with _one_of_two_held_up(acme) as (lanes, goes_on):
        pieces = [Piece(acme, partial(order.append, number)) for number in range(8)]
        for piece in pieces:
            lanes.put(piece)
        goes_on.set()
        await asyncio.gather(*(piece.future for piece in pieces))
    assert order == [*range(8)]


async def test_a_lane_without_work_gives_its_connection_back(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next piece finds a lane, whenever it comes."""
    lanes, left, loop = Lanes(1, 1), asyncio.Event(), asyncio.get_running_loop()
    available: list[int] = []
    ours: set[int] = set()  # threads; of an earlier test's lanes one may end only now

    def work() -> None:
        ours.add(threading.get_ident())

    def say() -> None:
        if threading.get_ident() not in ours:
            leave()
            return
        available.append(connection.pool.get_stats()["pool_available"])
        leave()
        available.append(connection.pool.get_stats()["pool_available"])
        loop.call_soon_threadsafe(left.set)

    monkeypatch.setattr("tenants.lanes.leave", say)
    for _ in range(3):
        await _done(lanes, Piece(acme, work))
        await asyncio.wait_for(left.wait(), 5)
        left.clear()
    assert [after - before for before, after in itertools.batched(available, 2)] == [1, 1, 1]


async def test_a_connection_that_ended_while_its_lane_rested_is_not_used(acme: Organisation) -> None:
    lanes = Lanes(1, 1, linger=1.0)
    ((before, *_),) = await _done(lanes, Piece(acme, _where))
    assert await aside(_ask, f"select pg_terminate_backend({before}, 5000)") == (True,)
    ((after, *_),) = await _done(lanes, Piece(acme, _where))
    assert after != before


class Settling(Piece):
    """As a request does behind its answer (tenants.http)."""

    def do(self) -> Any:
        try:
            return super().do()
        finally:
            settle()


async def test_nor_is_one_that_was_seen_alive_before_it_rested(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.backend.base.SEEN_ALIVE", 60.0)
    lanes = Lanes(1, 1, linger=1.0)
    ((before, *_),) = await _done(lanes, Settling(acme, _where))
    assert await aside(_ask, f"select pg_terminate_backend({before}, 5000)") == (True,)
    ((after, *_),) = await _done(lanes, Settling(acme, _where))
    assert after != before


async def test_pieces_that_wait_are_done_together(acme: Organisation) -> None:
    """Those that are alone by themselves; the lane of one that waits does not count, so the others go on at once."""
    done: list[list[int]] = []
    goes_on, loop, held = threading.Event(), asyncio.get_running_loop(), asyncio.Event()

    def wait() -> bool:
        loop.call_soon_threadsafe(held.set)
        return goes_on.wait(10)

    def together(pieces: list[Piece]) -> list[tuple[Any, BaseException | None]]:
        if pieces == [first]:
            return [(wait(), None)]
        done.append([piece.function() for piece in pieces])
        return [(None, ValueError("odd")) if number % 2 else (number, None) for number in done[-1]]

    lanes = Lanes(1, 2, patience=60, together=together)
    first = Piece(acme, wait)
    lanes.put(first)
    await asyncio.wait_for(held.wait(), 5)
    waits, pieces = Piece(acme, wait), [Piece(acme, lambda number=number: number) for number in range(4)]
    lanes.put(pieces[0])
    lanes.put(waits, alone=True)
    for piece in pieces[1:]:
        lanes.put(piece)
    held.clear()
    goes_on.set()
    answers = await asyncio.gather(*(piece.future for piece in pieces), return_exceptions=True)
    assert done == [[0, 1, 2, 3]] and [type(one) for one in answers] == [int, ValueError, int, ValueError]
    assert await first.future and await waits.future


async def test_beside_one_that_is_alone_the_others_go_on(acme: Organisation) -> None:
    goes_on = threading.Event()
    lanes = Lanes(1, 2, patience=60, together=lambda pieces: [(piece.do(), None) for piece in pieces])
    waiting = Piece(acme, lambda: goes_on.wait(10))
    lanes.put(waiting, alone=True)
    pieces = [Piece(acme, _where) for _ in range(3)]
    for piece in pieces:
        lanes.put(piece)
    found = await asyncio.wait_for(asyncio.gather(*(piece.future for piece in pieces)), 5)
    assert len(found) == 3 and not waiting.future.done()
    goes_on.set()
    assert await waiting.future


async def test_whoever_were_together_hear_what_went_wrong(acme: Organisation) -> None:
    def together(pieces: list[Piece]) -> list[tuple[Any, BaseException | None]]:
        if len(pieces) > 1:
            raise DataError("of one of them")
        return [(pieces[0].do(), None)]

    lanes, goes_on, held = Lanes(1, 1, together=together), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    first = Piece(acme, lambda: loop.call_soon_threadsafe(held.set) and goes_on.wait(10))
    lanes.put(first)
    await asyncio.wait_for(held.wait(), 5)
    pieces = [Piece(acme, _where) for _ in range(3)]
    for piece in pieces:
        lanes.put(piece)
    goes_on.set()
    found = await asyncio.gather(*(piece.future for piece in pieces), return_exceptions=True)
    assert await first.future and [type(one) for one in found] == [DataError] * 3
    (again,) = await _done(lanes, Piece(acme, _where))
    assert again[1] == acme.schema_name
