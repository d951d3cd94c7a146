"""What a message said before: kept with each edit, gone with the message, seen by whom the organisation lets.

Everything runs inside the organisation. A message whose workspace keeps nothing loses what was kept with its next
edit, and all others within a day (`forget_unwanted`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.organisation_settings import organisation_settings
from chat import access
from chat.changes import MessageRefused
from chat.models import Message, MessageVersion
from chat.text.comparing import Piece, compare_all
from chat.text.spoilers import Run, runs

if TYPE_CHECKING:
    from accounts.models import Person

MOST_SHOWN = 50  # the newest


@dataclass(frozen=True, slots=True)
class Version:
    """A text that a message had from `written_at` on, and how it differs from the one before; `is_first` has none."""

    written_at: datetime
    runs: list[Run]
    is_first: bool

    @property
    def changes(self) -> list[Piece]:
        return [piece for run in self.runs for piece in run.pieces]


@dataclass(frozen=True, slots=True)
class History:
    """A message's versions, newest first. `has_older`: there are more than are shown."""

    message: Message
    versions: list[Version]
    has_older: bool


def history_of(person: "Person", room_id: int, message_id: int) -> History:
    """How a message came to say what it says.

    Raises Message.DoesNotExist for what `person` can't see and for what is deleted, MessageRefused (forbidden) where
    the organisation does not show them its history. Two queries, and one for the settings at times.
    """
    message = access.message_for(person, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    _require_may_see(person, message)
    found = MessageVersion.objects.filter(message=message)
    if not access.may_delete(person, message):
        # Of a moved message the room sees what was said there: before, others may have been meant to read it.
        found = found.filter(written_at__gte=message.created_at)
    kept = found.order_by("-pk")[: MOST_SHOWN + 1]
    texts = [(row.text, row.written_at) for row in kept]
    has_older = len(texts) > MOST_SHOWN
    texts.insert(0, (message.text, message.edited_at or message.created_at))
    befores = [text for text, _ in texts[1:]] + ([] if has_older else [""])
    pairs = [(before, text) for (text, _at), before in zip(texts, befores, strict=False)]
    compared = zip(texts, pairs, compare_all(pairs), strict=False)
    versions = [
        Version(written_at, runs(pieces, *pair), is_first=not has_older and number == len(texts) - 1)
        for number, ((_text, written_at), pair, pieces) in enumerate(compared)
    ]
    return History(message, versions, has_older)


def _require_may_see(person: "Person", message: Message) -> None:
    shown_to = organisation_settings().edit_history
    if shown_to == "nobody":
        raise MessageRefused("forbidden", _("This workspace keeps no edit history."))
    if shown_to == "administrators" and not access.may_delete(person, message):
        raise MessageRefused(
            "forbidden", _("Only its author and administrators can see what a message said before.")
        )


def forget_unwanted() -> None:
    """Delete what was kept before the organisation decided to keep nothing."""
    if organisation_settings().edit_history == "nobody":
        MessageVersion.objects.all().delete()
