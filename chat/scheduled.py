"""Messages that are posted later. Inside the organisation.

What happens when the time has come is in `chat.due`. What can't be posted then stays here with the reason, and its
author is told; what is cancelled goes back into their draft of that place, so no words are lost.
"""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from chat import broadcasts, due, sql
from chat.access import membership_of, message_for, room_for, visible_rooms
from chat.changes import MessageRefused
from chat.drafts import add_to_draft
from chat.jobs import send_scheduled
from chat.models import ScheduledMessage
from chat.text import TextRefused, clean
from chat.threads import root_of
from tenants.jobs import enqueue

if TYPE_CHECKING:
    from accounts.models import Person

MOST = 100  # of a person, at a time


@transaction.atomic
def schedule_message(
    person: "Person",
    room_id: int,
    text: str,
    when: datetime,
    *,
    client_id: uuid.UUID,
    thread_id: int | None = None,
    also_in_room: bool = False,
) -> ScheduledMessage:
    """Post `text` at `when` (aware), in a thread if one is named. With the same `client_id` again it is the same one.

    Raises Room.DoesNotExist and Message.DoesNotExist for what `person` can't see, MessageRefused (forbidden, archived,
    empty, too_long, malformed, over, too_many).
    """
    room = room_for(person, room_id)
    if membership_of(person, room_id) is None:
        raise MessageRefused("forbidden", _("Join the room first."))
    if room.is_archived:
        raise MessageRefused("archived", _("This room is archived: it can be read, not written to."))
    root_id = root_of(message_for(person, room_id, thread_id)).pk if thread_id is not None else None
    text = _cleaned(text)
    if known := ScheduledMessage.objects.filter(person=person, client_id=client_id).first():
        return known
    _require_ahead(when)
    if ScheduledMessage.objects.filter(person=person).count() >= MOST:
        raise MessageRefused("too_many", _("You have scheduled %d messages. Cancel one first.") % MOST)
    made, _new = ScheduledMessage.objects.get_or_create(
        person=person,
        client_id=client_id,
        defaults={
            "room": room,
            "thread_id": root_id,
            "also_in_room": also_in_room and root_id is not None,
            "text": text,
            "send_at": when,
        },
    )
    _follow_up(made)
    return made


@transaction.atomic
def change_scheduled(person: "Person", scheduled_id: int, text: str, when: datetime) -> ScheduledMessage:
    """Other words, another time; what could not be posted is tried again then. Raises ScheduledMessage.DoesNotExist
    for others' and for what was posted, MessageRefused (empty, too_long, malformed, over)."""
    scheduled = _own(person, scheduled_id)
    scheduled.text = _cleaned(text)
    if when != scheduled.send_at or scheduled.problem:
        _require_ahead(when)
    scheduled.send_at, scheduled.problem = when, ""
    scheduled.save(update_fields=["text", "send_at", "problem"])
    _follow_up(scheduled)
    return scheduled


@transaction.atomic
def cancel_scheduled(person: "Person", scheduled_id: int) -> None:
    """Don't post it; its text goes into the person's draft of that place. Raises ScheduledMessage.DoesNotExist."""
    scheduled = _own(person, scheduled_id)
    add_to_draft(person, scheduled.room_id, scheduled.thread_id, scheduled.text)
    scheduled.delete()
    broadcasts.scheduled_changed(person.pk)


@transaction.atomic
def send_now(person: "Person", scheduled_id: int) -> str:
    """Post it without waiting for its time; "", or why it can't be posted. Then it stays, as when its time had come; a
    slow room only makes it wait. Raises ScheduledMessage.DoesNotExist."""
    due.lock_room_of(ScheduledMessage.objects.filter(pk=scheduled_id, person=person))
    scheduled = _own(person, scheduled_id)
    refused = due.post(scheduled)
    if refused is None:
        return ""
    if not refused.retry_after:
        due.keep(scheduled, refused.detail)
    return refused.detail


def scheduled_of(person: "Person") -> list[ScheduledMessage]:
    """All with their rooms, the next one on top, each with `may_read`: whether its room can still be named. One
    query."""
    readable = visible_rooms(person).filter(pk=OuterRef("room_id"))
    waiting = ScheduledMessage.objects.filter(person=person).annotate(may_read=Exists(readable))
    return list(waiting.select_related("room").order_by("send_at", "pk")[:MOST])


def scheduled_for(person: "Person", scheduled_id: int) -> ScheduledMessage:
    """One's own. Raises ScheduledMessage.DoesNotExist. One query."""
    return ScheduledMessage.objects.get(pk=scheduled_id, person=person)


def _own(person: "Person", scheduled_id: int) -> ScheduledMessage:
    return ScheduledMessage.objects.select_for_update().get(pk=scheduled_id, person=person)


def _cleaned(text: str) -> str:
    try:
        return clean(text)
    except TextRefused as refused:
        raise MessageRefused(refused.code, refused.detail) from None


def _require_ahead(when: datetime) -> None:
    if when <= sql.clock():
        raise MessageRefused("over", _("This time is over."))


def _follow_up(scheduled: ScheduledMessage) -> None:
    """What was moved keeps the job of its earlier time, which will find that it is too early."""
    enqueue(send_scheduled, at=scheduled.send_at, scheduled_id=scheduled.pk)
    broadcasts.scheduled_changed(scheduled.person_id)
