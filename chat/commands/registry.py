"""Which commands there are, and running one line."""

import re
import uuid
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.commands import lists, people, reminders, rooms, writing
from chat.commands.answers import Answer, Asked, Command, CommandRefused, Told
from chat.signals import slash_commands

if TYPE_CHECKING:
    from chat.places import Place

# A path such as /etc/hosts is none.
_LINE = re.compile(r"/(?P<name>[A-Za-z][\w-]*)(?:\s+(?P<argument>.*))?\Z", re.DOTALL)


def available(place: "Place") -> list[Command]:
    """The commands that make sense for this person in this room, by name."""
    guest, direct = place.person.is_guest, place.room.is_direct
    found = (one for one in _all().values() if one.for_guests or not guest)
    return sorted((one for one in found if one.in_directs or not direct), key=lambda one: one.name)


def run(place: "Place", line: str, client_id: uuid.UUID) -> Answer:
    """Do what a line like `/topic Plans` asks for. Inside the organisation; raises what the command raises, and
    CommandRefused for what is no command."""
    command, argument = command_of(line)
    return command.run(Asked(place, argument, client_id))


def command_of(line: str) -> tuple[Command, str]:
    """The command of a line, and what follows it. Raises CommandRefused for what is none."""
    found = _LINE.match(line.rstrip())
    command = _all().get(found["name"].lower()) if found else None
    if found is None or command is None:
        name = line.split(maxsplit=1)[0] if line.strip() else "/"
        detail = _(
            "There is no command %s. /help lists those there are; to post it as it is, write another / in front."
        )
        raise CommandRefused("unknown_command", detail % name[:40])
    return command, (found["argument"] or "").strip()


def show_help(asked: Asked) -> Answer:
    items = ((f"/{one.name} {one.usage}".strip(), str(one.help)) for one in available(asked.place))
    return Told(_("What you can write in place of a message:"), tuple(items))


_BUILT_IN = (
    *rooms.COMMANDS,
    *people.COMMANDS,
    *writing.COMMANDS,
    *lists.COMMANDS,
    *reminders.COMMANDS,
    Command("help", "", gettext_lazy("See all commands."), show_help),
)


def _all() -> dict[str, Command]:
    """By name. What apps above bring never takes the place of a built-in one."""
    answers: list[Any] = slash_commands.send(sender=None)
    added = (command for _receiver, commands in answers for command in commands)
    return {command.name: command for command in (*added, *_BUILT_IN)}
