"""Commands that post a poll or a to-do list."""

import re
from collections.abc import Callable

from django.utils.translation import gettext_lazy

from chat.commands.answers import Answer, Asked, Command, CommandRefused, Opened, Said
from chat.listing import ListRefused, NewList, new_poll, new_todo

_QUOTED = re.compile(r'["“”]([^"“”]+)["“”]')


def poll(asked: Asked) -> Answer:
    return _listed(asked, "poll-dialog", new_poll)


def todo(asked: Asked) -> Answer:
    return _listed(asked, "todo-dialog", new_todo)


def _listed(asked: Asked, dialog: str, make: Callable[[list[str]], NewList]) -> Answer:
    """The first part is the message, the others are the list; with nothing to list its dialog is opened."""
    parts = parts_of(asked.argument)
    if len(parts) < 2:
        return Opened(dialog)
    try:
        return Said(parts[0], make(parts[1:]))
    except ListRefused as refused:
        raise CommandRefused(refused.code, refused.detail) from None


def parts_of(text: str) -> list[str]:
    """Parts in quotes, or on lines, or between bars: `"Lunch?" "Pizza" "Salad"` and `Lunch? | Pizza | Salad`."""
    quoted = _QUOTED.findall(text)
    if len(quoted) > 1:
        return [part.strip() for part in quoted if part.strip()]
    return [part.strip() for part in re.split(r"[|\n]", text) if part.strip()]


COMMANDS = (
    Command("poll", gettext_lazy("question | option | option …"), gettext_lazy("Let people vote."), poll),
    Command("todo", gettext_lazy("title | item | item …"), gettext_lazy("Post a to-do list."), todo),
)
