"""What dialogs and lists of things put by until later share: the times they offer, and where something belongs."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import Draft, ScheduledMessage
from chat.sidebar import Cards, direct_title
from chat.when import parse_when
from tenants.ids import encode

if TYPE_CHECKING:
    from accounts.models import Person


@dataclass(frozen=True, slots=True)
class Times:
    """A choice: `text` is what `chat.when` understands, `moment` what it means now."""

    text: str
    label: str
    moment: datetime

    @classmethod
    def ahead(cls, person: "Person") -> "list[Times]":
        """What people choose most, where `person` is."""
        labels = {
            "in 20 minutes": _("In 20 minutes"),
            "in an hour": _("In an hour"),
            "in 3 hours": _("In 3 hours"),
            "tomorrow 9:00": _("Tomorrow morning"),
            "next monday 9:00": _("Next Monday"),
        }
        now = timezone.now()
        return [cls(text, label, parse_when(text, person.time_zone, now)) for text, label in labels.items()]


def place_of(person: "Person", one: Draft | ScheduledMessage, cards: Cards) -> dict[str, Any]:
    """Where somebody began to write, or will, as lists show it; `cards` are those of the people of direct messages. A room that
    they can't see any more is not named (`may_read`)."""
    thread = f"?thread={encode('m', one.thread_id)}" if one.thread_id else ""
    return {
        "may_read": one.may_read,  # type: ignore[union-attr]
        "kind": one.room.kind,
        "title": one.room.name or direct_title(one.room.direct_key or "", person, cards),
        "is_reply": one.thread_id is not None,
        "url": f"{reverse('room', args=[one.room_id])}{thread}",
    }
