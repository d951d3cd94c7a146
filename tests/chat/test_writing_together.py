"""What several organisations post is stored in one transaction, as if each had posted alone."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from chat import rooms
from chat.models import Membership, Message, Room
from chat.posts import Post, Posted, Refused
from chat.writer import FEW, Answer, Writer
from tenants.db import as_owner, in_organisation
from tenants.lanes import Lanes
from tests.chat.storing import poison
from tests.locks import holding


@pytest.fixture
def there(mallory: Any) -> Room:
    """A room of the other organisation."""
    with in_organisation(mallory.organisation):
        return rooms.create_room(mallory, "There", Room.Kind.PRIVATE)


@pytest.fixture
def slow_inserts(alice: Any) -> Iterator[None]:
    """Storing a message takes a second in Alice's organisation."""
    with in_organisation(alice.organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "create function slow() returns trigger language plpgsql as "
            "$$ begin perform pg_sleep(1); return new; end $$; "
            "create trigger slow before insert on chat_message for each row execute function slow()"
        )
    yield
    with in_organisation(alice.organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute("drop function slow() cascade")


class _Plug:
    """Keeps a lane busy, so that what is put meanwhile waits."""

    def __init__(self) -> None:
        self.begun, self.pulled = asyncio.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()

    def do(self) -> None:
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.pulled.wait(10)

    def done(self, answer: Any, error: BaseException | None) -> None:
        assert error is None


class _Office:
    """Writers that share a lane."""

    def __init__(self) -> None:
        self.lanes = Lanes(1, 3, 0.3, together=self._together)
        self._writers: dict[Any, Writer] = {}

    def _together(self, works: list[Any]) -> Any:
        if isinstance(works[0], _Plug):
            return [(work.do(), None) for work in works]
        return Writer.do_together(works)

    def submit(self, person: Any, room: Room, text: str, client_id: uuid.UUID | None = None) -> Answer:
        writing = self._writers.setdefault(person.organisation, Writer(person.organisation, self.lanes))
        return writing.submit(Post(person.pk, room.pk, client_id or uuid.uuid4(), text))

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """What is submitted within goes at once at its end."""
        plug = _Plug()
        self.lanes.put(plug)
        await asyncio.wait_for(plug.begun.wait(), 5)
        yield
        for _ in range(3):
            await asyncio.sleep(0)
        plug.pulled.set()


def _stored(person: Any) -> list[tuple[int, str, str]]:
    """Position, text and transaction of the messages in the organisation of `person`."""
    with in_organisation(person.organisation):
        found = Message.objects.filter(author_id=person.pk).extra(select={"xact": "xmin::text"})
        return list(found.order_by("position").values_list("position", "text", "xact"))


stored = sync_to_async(_stored)


async def test_organisations_share_a_transaction_and_nothing_else(
    alice: Any, room: Room, mallory: Any, there: Room
) -> None:
    office = _Office()
    for turn in (1, 2, 3):  # also where the statements are prepared, and the connection stands somewhere
        async with office.together():
            answers = [
                office.submit(alice, room, f"ours {turn}"),
                office.submit(mallory, there, f"theirs {turn}"),
                office.submit(mallory, there, f"theirs too {turn}"),
            ]
        found = await asyncio.gather(*answers)
        assert [one.position for one in found if isinstance(one, Posted)] == [turn, 2 * turn - 1, 2 * turn]
    ours, theirs = await stored(alice), await stored(mallory)
    assert [text for _, text, _ in ours] == ["ours 1", "ours 2", "ours 3"]
    assert [text for _, text, _ in theirs] == [
        text for turn in (1, 2, 3) for text in (f"theirs {turn}", f"theirs too {turn}")
    ]
    for turn in range(3):
        assert len({ours[turn][2], theirs[2 * turn][2], theirs[2 * turn + 1][2]}) == 1


async def test_another_organisations_room_is_not_there(
    alice: Any, room: Room, mallory: Any, there: Room
) -> None:
    office = _Office()
    async with office.together():
        answers = [
            office.submit(alice, there, "where I am not"),
            office.submit(mallory, there, "here"),
        ]
    refused, posted = await asyncio.gather(*answers)
    assert isinstance(posted, Posted)
    # Numbers are an organisation's own: there may be a room of that number, of which she is no member.
    assert isinstance(refused, Refused) or (there.pk == room.pk and isinstance(refused, Posted))
    assert [text for _, text, _ in await stored(mallory)] == ["here"]


async def test_the_same_post_again_has_the_first_answer(
    alice: Any, room: Room, mallory: Any, there: Room
) -> None:
    office, client_id = _Office(), uuid.uuid4()
    said = []
    for text in ("once", "once", "otherwise"):
        async with office.together():
            answers = office.submit(alice, room, text, client_id), office.submit(mallory, there, "beside it")
        said.append((await asyncio.gather(*answers))[0])
    assert isinstance(said[0], Posted) and said[0] == said[1]
    assert isinstance(said[2], Refused) and said[2].code == "conflict"
    assert len(await stored(alice)) == 1 and len(await stored(mallory)) == 3


async def test_a_locked_room_holds_up_its_own_organisation_only(
    alice: Any, room: Room, mallory: Any, there: Room
) -> None:
    office = _Office()
    with holding(alice.organisation, lambda: Room.objects.select_for_update(no_key=True).filter(pk=room.pk)):
        async with office.together():
            ours, theirs = office.submit(alice, room, "ours"), office.submit(mallory, there, "theirs")
        assert isinstance(await asyncio.wait_for(theirs, 5), Posted)
        assert isinstance(await asyncio.wait_for(office.submit(mallory, there, "more"), 5), Posted)
        assert not ours.done()
    assert isinstance(await asyncio.wait_for(ours, 5), Posted)


async def test_nor_does_a_lock_that_is_not_asked_for(
    alice: Any, room: Room, mallory: Any, there: Room
) -> None:
    hers = Membership.objects.select_for_update(no_key=True).filter(room=room, person_id=alice.pk)
    office = _Office()
    with holding(alice.organisation, hers.all):
        async with office.together():
            ours, theirs = office.submit(alice, room, "ours"), office.submit(mallory, there, "theirs")
        assert isinstance(await asyncio.wait_for(theirs, 5), Posted)
        assert not ours.done()
    assert isinstance(await asyncio.wait_for(ours, 5), Posted)
    assert len(await stored(alice)) == len(await stored(mallory)) == 1


async def test_what_breaks_one_organisations_post_breaks_no_others(
    alice: Any, room: Room, mallory: Any, there: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch)
    office = _Office()
    async with office.together():
        answers = [
            office.submit(mallory, there, "theirs"),
            office.submit(alice, room, "ours"),
            office.submit(alice, room, "poison"),
        ]
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert [type(one) for one in found] == [Posted, Posted, RecursionError]
    assert [len(await stored(one)) for one in (alice, mallory)] == [1, 1]


@pytest.mark.parametrize("text", ["@alice and others", "see https://example.com/"])
async def test_what_names_people_or_addresses_is_stored_alone(
    alice: Any, room: Room, mallory: Any, there: Room, text: str
) -> None:
    """Telling many of it takes a while, and so may looking at it."""
    office = _Office()
    async with office.together():
        answers = [
            office.submit(alice, room, "plain"),
            office.submit(alice, room, text),
            office.submit(mallory, there, "theirs"),
        ]
    assert all(isinstance(one, Posted) for one in await asyncio.gather(*answers))
    (_, _, plain), (_, _, naming) = await stored(alice)
    assert plain != naming and [xact for *_, xact in await stored(mallory)] == [plain]


async def test_what_may_be_much_work_is_stored_alone(
    alice: Any, room: Room, mallory: Any, there: Room
) -> None:
    office = _Office()
    async with office.together():
        short, long = office.submit(alice, room, "*short*"), office.submit(alice, room, "![" * 150)
        theirs = [office.submit(mallory, there, f"theirs {number}") for number in range(FEW + 1)]
    assert all(isinstance(one, Posted) for one in await asyncio.gather(short, long, *theirs))
    ours, (*_, (_, _, last)) = await stored(alice), await stored(mallory)
    assert len({xact for *_, xact in (*ours, *await stored(mallory))}) == 3
    assert last not in {xact for *_, xact in ours}  # more of them than few


async def test_a_slow_trigger_of_one_organisation_holds_nobody_up_for_long(
    alice: Any, room: Room, mallory: Any, there: Room, slow_inserts: None
) -> None:
    office = _Office()
    async with office.together():
        ours, theirs = office.submit(alice, room, "ours"), office.submit(mallory, there, "theirs")
    assert isinstance(await theirs, Posted) and not ours.done()
    assert isinstance(await ours, Posted)
    async with office.together():  # whose fault it was is known now
        ours, theirs = office.submit(alice, room, "ours again"), office.submit(mallory, there, "theirs again")
    assert isinstance(await theirs, Posted) and not ours.done()
    assert isinstance(await ours, Posted)
    assert len({xact for *_, xact in await stored(alice)}) == 2
    assert len(await stored(alice)) == 2 and len(await stored(mallory)) == 2
