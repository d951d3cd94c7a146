"""Being there when the writer stores posts, alone or together with those of other organisations."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chat import fragments, writer
from chat.messages import post_messages, steps_of_posting
from chat.posts import Post
from chat.text import Rendered


def watch(monkeypatch: pytest.MonkeyPatch, watched: Callable[[list[Post]], object]) -> None:
    """`watched` is called with the posts of each batch before they are stored, in its thread and organisation."""

    def alone(posts: list[Post]) -> Any:
        watched(posts)
        return post_messages(posts)

    def together(posts: list[Post]) -> Any:
        watched(posts)
        return (yield from steps_of_posting(posts))

    monkeypatch.setattr(writer, "post_messages", alone)
    monkeypatch.setattr(writer, "steps_of_posting", together)


def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text "poison" breaks the storing of whatever is drawn with it."""
    render = fragments.render_all

    def breaking(texts: Sequence[str], author_ids: Sequence[int]) -> list[Rendered]:
        if "poison" in texts:
            raise RecursionError("of the Markdown parser")
        return render(texts, author_ids)

    monkeypatch.setattr(fragments, "render_all", breaking)
