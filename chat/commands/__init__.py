"""Slash commands: what a line like `/topic Plans for May` does instead of being posted.

A command is a `Command`; the built-in ones are listed in `chat.commands.registry`, and an app above adds its own by
answering `chat.signals.slash_commands`. `run` does what one line asks for. Nothing is stored of it unless it posts.
"""

from chat.commands.answers import Answer, Asked, Command, CommandRefused, Led, Opened, Said, Told
from chat.commands.registry import available, command_of, run

__all__ = [
    "Answer",
    "Asked",
    "Command",
    "CommandRefused",
    "Led",
    "Opened",
    "Said",
    "Told",
    "available",
    "command_of",
    "run",
]
