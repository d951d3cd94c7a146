"""Posts that arrive together are stored together, and one that breaks the storing fails alone."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from chat import fragments, writer
from chat.messages import Post, Posted
from chat.models import Room
from chat.text import Rendered


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
