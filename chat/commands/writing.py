"""Commands that write something, or tell how writing works."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.commands.answers import Answer, Asked, Command, CommandRefused, Opened, Said

_SHRUG = r"¯\\\_(ツ)\_/¯"  # with the backslashes that Markdown takes away
_TABLE = "(╯°□°)╯︵ ┻━┻"


def me(asked: Asked) -> Answer:
    if not asked.argument:
        raise CommandRefused("empty", _("Say what you do: /me waves"))
    return Said(f"_{asked.argument}_")


def shrug(asked: Asked) -> Answer:
    return Said(f"{asked.argument} {_SHRUG}".strip())


def flip(asked: Asked) -> Answer:
    return Said(f"{asked.argument} {_TABLE}".strip())


def shortcuts(asked: Asked) -> Answer:
    return Opened("keys-dialog")


COMMANDS = (
    Command("me", gettext_lazy("text"), gettext_lazy("Say what you do."), me),
    Command("shrug", gettext_lazy("[text]"), gettext_lazy("Add a shrug to your message."), shrug),
    Command("tableflip", gettext_lazy("[text]"), gettext_lazy("Add an overturned table."), flip),
    Command("shortcuts", "", gettext_lazy("See the keys."), shortcuts),
)
