"""What somebody is at: an emoji with some words beside their name, until a time or until they change it; and whether
others see that they are around.

Nothing has to happen when a status ends: whoever shows one compares its end with the clock.
"""

import unicodedata
import zoneinfo
from datetime import datetime, time, timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import LONGEST_STATUS, Person
from accounts.signals import person_changed

WITHOUT_EMOJI = "💬"
# An emoji is of these: symbols, modifiers, joiners and variation selectors; digits only as keycaps (Unicode TR 51).
_OF_EMOJI = {"So", "Sk", "Mn", "Me", "Cf"}


class Lasting(models.TextChoices):
    """How long a status lasts, as people choose it."""

    HALF_AN_HOUR = "30m", gettext_lazy("30 minutes")
    AN_HOUR = "1h", gettext_lazy("An hour")
    FOUR_HOURS = "4h", gettext_lazy("4 hours")
    TODAY = "today", gettext_lazy("Today")
    THIS_WEEK = "week", gettext_lazy("This week")
    FOR_NOW = "", gettext_lazy("Until I change it")


_LASTS = {
    Lasting.HALF_AN_HOUR: timedelta(minutes=30),
    Lasting.AN_HOUR: timedelta(hours=1),
    Lasting.FOUR_HOURS: timedelta(hours=4),
}


class StatusRefused(ValueError):
    """Nothing was changed. The text is for the person."""


def set_status(person: Person, *, emoji: str, text: str, until: datetime | None) -> None:
    """Show `emoji` and `text` beside the name of `person` until a time (None: until changed), and tell everybody.

    Words without an emoji get a speech bubble; with neither the status is cleared. Raises StatusRefused for what is
    no emoji, for too many words and for an end that is over. Inside the organisation.
    """
    emoji, text = emoji.strip(), " ".join(text.split())
    if not emoji and not text:
        clear_status(person)
        return
    if emoji and not _is_emoji(emoji):
        raise StatusRefused(_("This is no emoji."))
    if len(text) > LONGEST_STATUS:
        raise StatusRefused(_("This is too long for a status."))
    if until is not None and until <= timezone.now():
        raise StatusRefused(_("This time is over."))
    _save(person, emoji or WITHOUT_EMOJI, text, until)


def clear_status(person: Person) -> None:
    """Show nothing beside the name of `person` any more."""
    _save(person, "", "", None)


@transaction.atomic
def appear_away(person: Person, *, away: bool) -> None:
    """Look to others as if no page of `person` were open, until they take it back. Their pages hear of it."""
    if person.appears_away == away:
        return
    person.appears_away = away
    person.save(update_fields=["appears_away"])
    person_changed.send(Person, person=person, changed=frozenset({"away"}))


def end_of(lasting: str, now: datetime, time_zone: str) -> datetime | None:
    """When a status that begins `now` ends: days and weeks as they are in `time_zone`. Raises ValueError for what is
    no `Lasting`.
    """
    choice = Lasting(lasting)
    if choice in _LASTS:
        return now + _LASTS[choice]
    if choice == Lasting.FOR_NOW:
        return None
    here = now.astimezone(zoneinfo.ZoneInfo(time_zone))
    days = 1 if choice == Lasting.TODAY else 7 - here.weekday()
    return datetime.combine(here.date() + timedelta(days=days), time(), here.tzinfo)


def _is_emoji(text: str) -> bool:
    if len(text) > 32 or not any(unicodedata.category(char) == "So" or char == "\u20e3" for char in text):
        return False
    keycap = text.endswith("\u20e3")
    return all(
        unicodedata.category(char) in _OF_EMOJI or (keycap and char in "0123456789#*") for char in text
    )


@transaction.atomic
def _save(person: Person, emoji: str, text: str, until: datetime | None) -> None:
    if (person.status_emoji, person.status_text, person.status_until) == (emoji, text, until):
        return
    person.status_emoji, person.status_text, person.status_until = emoji, text, until
    person.save(update_fields=["status_emoji", "status_text", "status_until"])
    person_changed.send(Person, person=person, changed=frozenset({"status"}))
