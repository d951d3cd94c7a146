"""Reminders: a person is told something at a time of their choice. Inside the organisation.

What happens when the time has come is in `chat.due`; times as people write them are understood by `chat.when`.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from chat import broadcasts, fragments, sql
from chat.access import message_for, visible_rooms
from chat.changes import MessageRefused
from chat.jobs import remind
from chat.models import LONGEST_REMINDER, Message, Reminder
from chat.when import WhenRefused, parse_when
from tenants.jobs import enqueue

if TYPE_CHECKING:
    from accounts.models import Person

MOST = 200  # of a person, at a time
LONGEST_TIME = 10  # words of a line that may say when


@transaction.atomic
def set_reminder(
    person: "Person",
    when: datetime,
    *,
    text: str = "",
    room_id: int | None = None,
    message_id: int | None = None,
) -> Reminder:
    """Remind `person` at `when` (aware) of a text, of a message, or of both.

    Raises Message.DoesNotExist for a message that they can't see, MessageRefused (empty, too_long, over, too_many).
    """
    message = None
    if message_id is not None:
        message = message_for(person, room_id or 0, message_id)
        if message.deleted_at is not None:
            raise Message.DoesNotExist
    text = _cleaned(text, may_be_empty=message is not None)
    _require_ahead(when)
    if Reminder.objects.filter(person=person).count() >= MOST:
        raise MessageRefused("too_many", _("You have %d reminders. Cancel one first.") % MOST)
    reminder = Reminder.objects.create(person=person, message=message, text=text, due_at=when)
    _follow_up(reminder)
    return reminder


def set_reminder_as_written(person: "Person", line: str) -> Reminder:
    """What `/remind` does with its line: "me in 20 minutes to call Bob". Raises as `set_reminder`, and
    chat.when.WhenRefused."""
    text, when = split_reminder(line, person.time_zone, sql.clock())
    return set_reminder(person, when, text=text)


def split_reminder(text: str, zone: str, now: datetime) -> tuple[str, datetime]:
    """What to be reminded of and when, of a line that has both: "me in 20 minutes to call Bob", "call Bob tomorrow".

    Pure. The longest part at either end that is a time is the time. Raises WhenRefused where neither end is one.
    """
    words = text.split()
    if words[:1] == ["me"]:
        words = words[1:]
    refused = WhenRefused("unclear", _("Say when: “in 20 minutes call Bob”, “call Bob tomorrow 9:00”."))
    for length in range(min(len(words), LONGEST_TIME), 0, -1):
        for time, rest in ((words[:length], words[length:]), (words[-length:], words[:-length])):
            try:
                moment = parse_when(" ".join(time), zone, now)
            except WhenRefused as problem:
                refused = problem if problem.code != "unclear" else refused
                continue
            if rest[:1] and rest[0].casefold() in ("to", "that", "about"):
                rest = rest[1:]
            return " ".join(rest), moment
    raise refused


@transaction.atomic
def change_reminder(person: "Person", reminder_id: int, when: datetime, text: str) -> Reminder:
    """Another time, other words, for one's own reminder. Raises Reminder.DoesNotExist for others' and for what was
    delivered, MessageRefused as `set_reminder`."""
    reminder = Reminder.objects.select_for_update().get(pk=reminder_id, person=person)
    reminder.text = _cleaned(text, may_be_empty=reminder.message_id is not None)
    if when != reminder.due_at:
        _require_ahead(when)
    reminder.due_at = when
    reminder.save(update_fields=["text", "due_at"])
    _follow_up(reminder)
    return reminder


@transaction.atomic
def cancel_reminder(person: "Person", reminder_id: int) -> Reminder:
    """Forget one's own reminder; returns what it was. Raises Reminder.DoesNotExist."""
    reminder = Reminder.objects.select_for_update().get(pk=reminder_id, person=person)
    was = Reminder(person=person, message_id=reminder.message_id, text=reminder.text, due_at=reminder.due_at)
    reminder.delete()
    broadcasts.reminders_changed(person.pk)
    return was


def reminder_of(person: "Person", reminder_id: int) -> Reminder:
    """One's own reminder. Raises Reminder.DoesNotExist. One query."""
    return Reminder.objects.get(pk=reminder_id, person=person)


def reminders_of(person: "Person") -> list[Reminder]:
    """All that wait, the next one on top, each with `may_read`: whether its message can still be shown. One query."""
    readable = Message.objects.filter(
        pk=OuterRef("message_id"), deleted_at__isnull=True, room__in=visible_rooms(person)
    )
    waiting = Reminder.objects.filter(person=person).annotate(may_read=Exists(readable))
    found: list[Any] = list(waiting.select_related("message__room").order_by("due_at", "pk")[:MOST])
    shown = [one.message for one in found if one.message and one.may_read]
    fragments.bring_up_to_date([one for one in shown if one.html_version != fragments.VERSION])
    return found


def when_for(person: "Person", text: str) -> datetime:
    """What `text` means for `person`, by the database's clock. Raises chat.when.WhenRefused. One query."""
    return parse_when(text, person.time_zone, sql.clock())


def remind_again(person: "Person") -> None:
    """Deliver what became due while `person` was deactivated. Two queries."""
    for reminder in Reminder.objects.filter(person=person, due_at__lte=Now()):
        enqueue(remind, reminder_id=reminder.pk)


def _cleaned(text: str, *, may_be_empty: bool) -> str:
    text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if not text and not may_be_empty:
        raise MessageRefused("empty", _("Say what you want to be reminded of."))
    if len(text) > LONGEST_REMINDER:
        raise MessageRefused("too_long", _("This is longer than %d characters.") % LONGEST_REMINDER)
    return text


def _require_ahead(when: datetime) -> None:
    if when <= sql.clock():
        raise MessageRefused("over", _("This time is over."))


def _follow_up(reminder: Reminder) -> None:
    """A reminder that was moved keeps the job of its earlier time, which will find that it is too early."""
    enqueue(remind, at=reminder.due_at, reminder_id=reminder.pk)
    broadcasts.reminders_changed(reminder.person_id)
