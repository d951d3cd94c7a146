"""Posts that arrive together are stored together, and one that breaks the storing fails alone."""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError

from chat import memberships, writer
from chat.messages import post_messages
from chat.models import Membership, Message, MessageText, Room
from chat.posts import Post, Posted, Refused
from chat.sql import FEW
from tenants.db import current_organisation, in_organisation
from tests.chat.pages import queries
from tests.chat.storing import poison, watch
from tests.events import Published
from tests.sockets import Tab, aside


async def test_a_post_that_breaks_the_storing_fails_alone(
    alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch)
    posts = [Post(alice.pk, room.pk, uuid.uuid4(), text) for text in ("one", "two", "poison", "three")]
    writing = writer.writer_of(alice.organisation)
    answers = await asyncio.gather(*map(writing.submit, posts), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Posted, Posted, RecursionError, Posted]
    assert [answer.position for answer in answers if isinstance(answer, Posted)] == [1, 2, 3]


async def test_a_batch_tells_of_all_its_messages_at_once(
    alice: Any, bob: Any, charlie: Any, room: Room, published: Published
) -> None:
    """One publication for the badges, from which each page hears of each message; none where one is not a member."""
    badges, outside = await Tab.personal(bob), await Tab.personal(charlie)
    await aside(published)
    posts = [
        Post(person.pk, room.pk, uuid.uuid4(), text)
        for person, text in ((alice, "one"), (bob, "two"), (alice, "three"))
    ]
    await asyncio.gather(*map(writer.writer_of(alice.organisation).submit, posts))
    told = [one for _, one in await aside(published, "activity") if b'"activity"' in one.frame]
    assert len(told) == 1
    heard = [await badges.until("activity", position=position) for position in (1, 2, 3)]
    assert [frame["author"] for frame in heard] == [f"p{post.person_id}" for post in posts]
    assert all(frame["room"] == f"r{room.pk}" and frame["change"] == "posted" for frame in heard)
    assert await outside.silent()
    for tab in (badges, outside):
        await tab.close()


async def test_many_organisations_take_turns(
    alice: Any, room: Room, mallory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While all turns are taken a batch grows; it is not taken from its queue before."""
    monkeypatch.setattr(writer, "AT_ONCE", 1)
    monkeypatch.setattr(writer, "AT_MOST", 1)
    begun, goes_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def held_up(posts: list[Post]) -> None:
        if current_organisation() == mallory.organisation:
            loop.call_soon_threadsafe(begun.set)
            assert goes_on.wait(10)
        else:
            batches.append(len(posts))

    batches: list[int] = []
    watch(monkeypatch, held_up)
    theirs = writer.writer_of(mallory.organisation).submit(Post(mallory.pk, 2**40, uuid.uuid4(), "nowhere"))
    await begun.wait()
    ours = writer.writer_of(alice.organisation)
    answers = []
    for number in range(5):
        answers.append(ours.submit(Post(alice.pk, room.pk, uuid.uuid4(), f"message {number}")))
        await asyncio.sleep(0)
    assert ours.waiting == 5
    goes_on.set()
    said = await asyncio.gather(*answers)
    assert [answer.position for answer in said if isinstance(answer, Posted)] == [1, 2, 3, 4, 5]
    assert isinstance(await theirs, Refused) and set(batches) == {5}  # on a busy machine twice, see Held


async def test_when_postgres_cannot_be_had_every_post_hears_of_it(
    alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those whose organisation could not even be entered; they do not go round and round."""

    @contextmanager
    def away(organisation: Any) -> Iterator[None]:
        raise OperationalError("no connection")
        yield

    writing = writer.writer_of(alice.organisation)
    posts = [Post(alice.pk, room.pk, uuid.uuid4(), f"message {number}") for number in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr("tenants.db.tenant_context", away)
        patch.setattr("tenants.joined.tenant_context", away)
        answers = await asyncio.gather(*map(writing.submit, posts), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OperationalError] * 3
    again = await asyncio.gather(*map(writing.submit, posts))
    assert [answer.position for answer in again if isinstance(answer, Posted)] == [1, 2, 3]


def test_a_batch_costs_as_many_statements_as_a_post(alice: Any, bob: Any, room: Room) -> None:
    """Also where its authors had unread messages, which they now have read, and where people are mentioned."""

    def cost(count: int) -> int:
        posts = [
            Post((alice, bob)[number % 2].pk, room.pk, uuid.uuid4(), f"@alice @bob {number}")
            for number in range(count)
        ]
        with queries() as asked:
            assert all(isinstance(one, Posted) for one in post_messages(posts))
        return len(asked)

    with in_organisation(alice.organisation):
        cost(2)  # prepares
        assert cost(FEW + 1) == cost(40)
        assert cost(FEW) == cost(40) + FEW - 1  # each of a few is inserted by itself


@pytest.mark.parametrize("count", [1, 5])
def test_who_has_left_the_room_posts_nothing(
    alice: Any, bob: Any, charlie: Any, public_room: Room, count: int
) -> None:
    """As who has never been there, alone and in a batch."""
    with in_organisation(alice.organisation):
        memberships.leave_room(bob, public_room.pk)
        for person in (bob, charlie):
            posts = [Post(person.pk, public_room.pk, uuid.uuid4(), "Hello") for _ in range(count)]
            answers = post_messages(posts)
            assert [answer.code for answer in answers if isinstance(answer, Refused)] == ["not_found"] * count
        assert isinstance(post_messages([Post(alice.pk, public_room.pk, uuid.uuid4(), "Hello")])[0], Posted)


@pytest.mark.parametrize("count", range(1, 6))
def test_a_batch_leaves_what_its_posts_leave_one_by_one(
    alice: Any, bob: Any, room: Room, public_room: Room, count: int
) -> None:
    """However many they are: a few take statements of their own. Words with `_` are taken apart by Postgres."""
    members, places = (alice, bob), (room, public_room)
    for together in (False, True):
        posts = [
            Post(
                members[number % 2].pk,
                places[number // 2 % 2].pk,
                uuid.uuid4(),
                ("Zebra_", "zebra ")[number % 2],
            )
            for number in range(count)
        ]
        with in_organisation(alice.organisation):
            for part in [posts] if together else [[one] for one in posts]:
                assert all(isinstance(one, Posted) for one in post_messages(part))
            said = list(Message.objects.order_by("pk"))
            assert MessageText.objects.extra(where=["vector @@ 'zebra'"]).count() == len(said)
            for place in Room.objects.filter(pk__in=[room.pk, public_room.pk]):
                here = [one for one in said if one.room_id == place.pk]
                assert [one.position for one in here] == [*range(1, place.messages + 1)]
                if here:
                    assert (place.head, place.last_message_at) == (here[-1].revision, here[-1].created_at)
                for member in Membership.objects.filter(room=place, person__in=members):
                    own = [one.position for one in here if one.author_id == member.person_id]
                    assert member.read_position == max(own, default=0)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many posts were stored together, of each batch."""
    sizes: list[int] = []
    watch(monkeypatch, lambda posts: sizes.append(len(posts)))
    return sizes


def under_way() -> bool:
    return True


@pytest.mark.parametrize("by_form", [False, True])
async def test_who_was_answered_together_is_waited_for(
    alice: Any, room: Room, batches: list[int], monkeypatch: pytest.MonkeyPatch, by_form: bool
) -> None:
    """A batch does not fall apart into one post that starts at once and the rest; one who posts alone never waits."""
    monkeypatch.setattr(writer, "PAUSE_BY_FORM", 30.0)
    monkeypatch.setattr(writer, "PAUSE", 0.0 if by_form else 30.0)
    writing = writer.writer_of(alice.organisation)

    async def converse() -> None:
        for number in range(3):
            post = Post(alice.pk, room.pk, uuid.uuid4(), f"message {number}")
            await writing.submit(post, by_form=under_way if by_form else None)

    await converse()
    assert batches == [1, 1, 1]
    batches.clear()
    await asyncio.gather(*(converse() for _ in range(5)))
    assert batches == [5, 5, 5]


async def test_no_socket_waits_as_long_as_forms_do(
    alice: Any, bob: Any, room: Room, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And who posted by form goes with it."""
    monkeypatch.setattr(writer, "PAUSE_BY_FORM", 30.0)
    writing = writer.writer_of(alice.organisation)

    def submit(person: Any, **how: Any) -> Any:
        return writing.submit(Post(person.pk, room.pk, uuid.uuid4(), "Hello"), **how)

    await asyncio.gather(*(submit(person, by_form=under_way) for person in (alice, bob, alice)))
    by_form, by_socket = submit(alice, by_form=under_way), submit(bob)
    await asyncio.wait_for(asyncio.gather(by_form, by_socket), 10)
    assert batches == [3, 2]


async def test_forms_wait_for_nobody_when_no_request_is_under_way(
    alice: Any, bob: Any, room: Room, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor for longer than one is."""
    monkeypatch.setattr(writer, "PAUSE_BY_FORM", 30.0)
    writing = writer.writer_of(alice.organisation)
    looks = iter([True, True, False])

    def submit(person: Any, by_form: Any) -> Any:
        return writing.submit(Post(person.pk, room.pk, uuid.uuid4(), "Hello"), by_form=by_form)

    for others_come in (lambda: False, lambda: next(looks)):
        await asyncio.gather(*(submit(person, under_way) for person in (alice, bob)))
        await asyncio.wait_for(submit(alice, others_come), 10)
    assert batches == [2, 1, 2, 1]
    assert [*looks] == []
