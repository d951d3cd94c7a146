"""To-do lists: every member ticks items, the author arranges them. Inside the organisation, under the room's lock."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from chat import changes, sql
from chat.changes import MessageRefused
from chat.listing import LONGEST_ITEM, MOST_ITEMS, ListRefused, cleaned
from chat.models import Message, TodoItem, TodoList
from chat.search.beside import store_words

if TYPE_CHECKING:
    from accounts.models import Person


@transaction.atomic
def tick(person: "Person", room_id: int, message_id: int, number: int, *, done: bool) -> None:
    """Say that an item is done, or is not. Who was first is kept; again changes nothing.

    Raises Message.DoesNotExist for what `person` can't see or is no to-do list, MessageRefused (forbidden, archived,
    unknown_item).
    """
    room, message = changes.changing(person, room_id, message_id, as_member=True)
    item = _todo_of(message).items.filter(number=number).first()
    if item is None:
        raise MessageRefused("unknown_item", _("This item is not on the list any more."))
    if (item.done_at is not None) == done:
        return
    item.done_at, item.done_by = (sql.clock(), person) if done else (None, None)
    item.save(update_fields=["done_at", "done_by"])
    changes.redraw(room, message)


@transaction.atomic
def arrange(
    person: "Person",
    room_id: int,
    message_id: int,
    before: Sequence[tuple[int, str]],
    wanted: Sequence[tuple[int | None, str]],
) -> None:
    """Let the list be `wanted`, in that order: (number, text) of items to keep, (None, text) of new ones.

    For its author. `before` is the list that they had in front of them, as (number, text): where another device of
    theirs has changed it since, nothing happens, or what was done there would be lost. What is not named goes; what is
    done stays done. Raises as `tick`, and MessageRefused (conflict, malformed, too_long, too_many, too_few).
    """
    room, message = changes.changing(person, room_id, message_id, as_member=True)
    todo = _todo_of(message)
    if message.author_id != person.pk:
        raise MessageRefused("forbidden", _("Only who wrote the list changes what is on it."))
    present = {item.number: item for item in todo.items.order_by("place", "number")}
    if [(item.number, item.text) for item in present.values()] != list(before):
        raise MessageRefused(
            "conflict", _("The list was changed on another device meanwhile. Open it again to see it.")
        )
    kept = [number for number, _text in wanted if number is not None]
    if len(set(kept)) < len(kept) or not present.keys() >= set(kept):
        raise MessageRefused("unknown_item", _("An item is not on the list any more. Open the list again."))
    if not 1 <= len(wanted) <= MOST_ITEMS:
        raise MessageRefused("too_many", _("A to-do list has one to %d items.") % MOST_ITEMS)
    next_number = max(present, default=0) + 1
    for place, (number, text) in enumerate(wanted, 1):
        item = present.pop(number) if number is not None else TodoItem(todo=todo, number=next_number)
        if number is None:
            next_number += 1
        item.place, item.text = place, _cleaned(text)
        item.save()
    TodoItem.objects.filter(pk__in=[item.pk for item in present.values()]).delete()
    changes.redraw(room, message)
    store_words(message)


def _cleaned(text: str) -> str:
    try:
        return cleaned(text, LONGEST_ITEM)
    except ListRefused as refused:
        raise MessageRefused(refused.code, refused.detail) from None


def _todo_of(message: Message) -> TodoList:
    todo = TodoList.objects.filter(message=message).first()
    if todo is None:
        raise Message.DoesNotExist
    return todo
