"""Being there when the writer stores posts, alone or together with those of other organisations."""

from collections.abc import Callable
from typing import Any

import pytest

from chat import writer
from chat.messages import Post, post_messages, steps_of_posting


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
