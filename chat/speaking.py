"""In which language it is said why a post is refused: its own, or the thread's."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from django.utils import translation

from chat.posts import Post

type Speaking = AbstractContextManager[None]

_AS_IT_IS: Speaking = nullcontext()


def speaking(post: Post) -> Speaking:
    """For what is said of this one."""
    return translation.override(post.language) if post.language else _AS_IT_IS


def languages(posts: Sequence[Post]) -> tuple[Speaking, Callable[[Post], Speaking]]:
    """For what is said of them all, and within that of each. Mostly they speak one language: to change it takes 9 µs."""
    if len({post.language for post in posts}) == 1:
        return speaking(posts[0]), lambda _: _AS_IT_IS
    return _AS_IT_IS, speaking
