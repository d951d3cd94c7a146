"""Storing the poll or to-do list of a new message, within the transaction that posts it."""

from collections.abc import Iterable

from chat import signals
from chat.listing import NewList, NewPoll, NewTodo
from chat.models import Message, Poll, PollOption, TodoItem, TodoList


def insert(wanted: Iterable[tuple[NewList, Message]]) -> None:
    """Two statements for each list; says so where a poll closes by itself. The messages must be inserted."""
    for new_list, message in wanted:
        match new_list:
            case NewPoll():
                _insert_poll(new_list, message)
            case NewTodo():
                _insert_todo(new_list, message)


def _insert_poll(asked: NewPoll, message: Message) -> None:
    poll = Poll(message=message, multiple=asked.multiple, anonymous=asked.anonymous, open=asked.open)
    poll.closes_at = asked.closes_at(message.created_at)
    poll.save(force_insert=True)
    PollOption.objects.bulk_create(
        PollOption(poll=poll, number=number, text=text, added_by_id=message.author_id)
        for number, text in enumerate(asked.options, 1)
    )
    if poll.closes_at is not None:
        signals.poll_will_close.send(sender=None, message=message, closes_at=poll.closes_at)


def _insert_todo(asked: NewTodo, message: Message) -> None:
    todo = TodoList(message=message)
    todo.save(force_insert=True)
    TodoItem.objects.bulk_create(
        TodoItem(todo=todo, number=number, place=number, text=text)
        for number, text in enumerate(asked.items, 1)
    )
