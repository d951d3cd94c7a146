"""Polls and to-do lists as they are asked for, before there is a message to hold them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from chat.models import Message
from chat.parts import lists

MOST_OPTIONS = 20
MOST_ITEMS = 50
LONGEST_OPTION = 200
LONGEST_ITEM = 300
LONGEST_POLL = 60 * 24 * 366  # minutes


class ListRefused(ValueError):
    """A poll or to-do list that can't be; `code` and `detail` are for the person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class NewPoll:
    """A poll as it is asked for; `minutes` after which it closes, 0 for none. Make it with `new_poll`."""

    options: tuple[str, ...]
    multiple: bool = False
    anonymous: bool = False
    open: bool = False
    minutes: int = 0

    @property
    def words(self) -> str:
        return "\n".join(self.options)

    def html(self, message: Message) -> str:
        options = [(number, text, 0, ()) for number, text in enumerate(self.options, 1)]
        closes_at = lists.timestamp(self.closes_at(message.created_at))
        return lists.poll(self.multiple, self.anonymous, self.open, closes_at, None, 0, options)

    def closes_at(self, now: datetime) -> datetime | None:
        return now + timedelta(minutes=self.minutes) if self.minutes else None


@dataclass(frozen=True, slots=True)
class NewTodo:
    """A to-do list as it is asked for. Make it with `new_todo`."""

    items: tuple[str, ...]

    @property
    def words(self) -> str:
        return "\n".join(self.items)

    def html(self, message: Message) -> str:
        return lists.todo([(number, text, None, None) for number, text in enumerate(self.items, 1)])


type NewList = NewPoll | NewTodo


def new_poll(
    options: Iterable[str],
    *,
    multiple: bool = False,
    anonymous: bool = False,
    is_open: bool = False,
    minutes: int = 0,
) -> NewPoll:
    """A poll that can be posted. Raises ListRefused."""
    texts = [cleaned(text, LONGEST_OPTION) for text in options if text.strip()]
    if len(texts) < (1 if is_open else 2):
        raise ListRefused("too_few", _("A poll has at least two options."))
    if len(texts) > MOST_OPTIONS:
        raise ListRefused("too_many", _("A poll has at most %d options.") % MOST_OPTIONS)
    if len({text.casefold() for text in texts}) < len(texts):
        raise ListRefused("twice", _("Two of the options are the same."))
    if not 0 <= minutes <= LONGEST_POLL:
        raise ListRefused("malformed", _("A poll closes within a year."))
    return NewPoll(tuple(texts), multiple, anonymous, is_open, minutes)


def new_todo(items: Iterable[str]) -> NewTodo:
    """A to-do list that can be posted. Raises ListRefused."""
    texts = [cleaned(text, LONGEST_ITEM) for text in items if text.strip()]
    if not texts:
        raise ListRefused("too_few", _("A to-do list has at least one item."))
    if len(texts) > MOST_ITEMS:
        raise ListRefused("too_many", _("A to-do list has at most %d items.") % MOST_ITEMS)
    return NewTodo(tuple(texts))


def cleaned(text: str, longest: int) -> str:
    """An option or item on one line. Raises ListRefused."""
    line = " ".join(text.split())
    if not line or not all(one.isprintable() or one in "\u200d\ufe0f" for one in line):
        raise ListRefused("malformed", _("This can't be an entry of a list."))
    if len(line) > longest:
        raise ListRefused("too_long", _("An entry has at most %d characters.") % longest)
    return line
