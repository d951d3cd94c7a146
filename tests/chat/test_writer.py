"""Posts that arrive together are stored together, and one that breaks the storing fails alone."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from chat import fragments, writer
from chat.messages import Post, Posted, post_messages
from chat.models import Room
from chat.text import Rendered
from tenants.db import in_organisation
from tests.chat.pages import queries


async def test_a_post_that_breaks_the_storing_fails_alone(
    alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = fragments.render_all

    def breaking(texts: Sequence[str], author_ids: Sequence[int]) -> list[Rendered]:
        if "poison" in texts:
            raise RecursionError("of the Markdown parser")
        return render(texts, author_ids)

    monkeypatch.setattr(fragments, "render_all", breaking)
    posts = [Post(alice.pk, room.pk, uuid.uuid4(), text) for text in ("one", "two", "poison", "three")]
    writing = writer.writer_of(alice.organisation)
    answers = await asyncio.gather(*map(writing.submit, posts), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Posted, Posted, RecursionError, Posted]
    assert [answer.position for answer in answers if isinstance(answer, Posted)] == [1, 2, 3]


async def test_many_organisations_take_turns(alice: Any, room: Room) -> None:
    """While all turns are taken a batch grows; it is not taken from its queue before."""
    writing = writer.writer_of(alice.organisation)
    for _ in range(writer.AT_ONCE):
        await writing.turn.acquire()
    posts = [Post(alice.pk, room.pk, uuid.uuid4(), f"message {number}") for number in range(5)]
    answers = [writing.submit(post) for post in posts]
    await asyncio.sleep(0)
    assert writing.waiting == 5
    for _ in range(writer.AT_ONCE):
        writing.turn.release()
    said = await asyncio.gather(*answers)
    assert [answer.position for answer in said if isinstance(answer, Posted)] == [1, 2, 3, 4, 5]


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
        assert cost(2) == cost(40)


async def test_who_was_answered_together_is_waited_for(
    alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch does not fall apart into one post that starts at once and the rest; one who posts alone never waits."""
    batches: list[int] = []

    def counted(posts: list[Post]) -> Any:
        batches.append(len(posts))
        return post_messages(posts)

    monkeypatch.setattr(writer, "post_messages", counted)
    monkeypatch.setattr(writer, "PAUSE", 30.0)
    writing = writer.writer_of(alice.organisation)

    async def converse() -> None:
        for number in range(3):
            await writing.submit(Post(alice.pk, room.pk, uuid.uuid4(), f"message {number}"))

    await converse()
    assert batches == [1, 1, 1]
    batches.clear()
    await asyncio.gather(*(converse() for _ in range(5)))
    assert batches == [5, 5, 5]
