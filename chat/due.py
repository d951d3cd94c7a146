"""What happens when a time has come. For jobs: doing it twice does no harm. Inside the organisation."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from chat import broadcasts, signals, sql
from chat.access import visible_rooms
from chat.messages import post_messages
from chat.models import Message, Poll, Reminder, ScheduledMessage
from chat.posts import Post, Refused

LATEST = timedelta(days=1)  # after its time a message of somebody is not posted without asking them
_JOBS_TAKE = timedelta(minutes=1)
_MOST = 500  # of each kind at a time


@transaction.atomic
def deliver_reminder(reminder_id: int) -> None:
    """Announce a reminder that is due, and forget it: whoever comes second finds nothing.

    One that was moved to later waits for its own job, one of a deactivated person for them to come back. A message
    that they may no longer read, or that was deleted, is not announced with it.
    """
    due = Reminder.objects.select_for_update(of=("self",)).select_related("person", "message")
    reminder = due.filter(pk=reminder_id, due_at__lte=Now(), person__is_active=True).first()
    if reminder is None:
        return
    message = reminder.message
    if message is not None and not _is_readable(message, reminder):
        message = None
    signals.reminder_due.send(sender=None, reminder=reminder, message=message)
    reminder.delete()
    broadcasts.reminders_changed(reminder.person_id)


def _is_readable(message: Message, reminder: Reminder) -> bool:
    readable = visible_rooms(reminder.person).filter(pk=message.room_id)
    return message.deleted_at is None and readable.exists()


@transaction.atomic
def post_scheduled(scheduled_id: int) -> float:
    """Post a scheduled message that is due. The row goes in the transaction that posts, and its `client_id` would make
    a second post the same one. What is refused stays with the reason, and its author is told.

    Returns after how many seconds a slow room would take it; 0 where there is nothing more to do.
    """
    lock_room_of(ScheduledMessage.objects.filter(pk=scheduled_id))
    due = ScheduledMessage.objects.select_for_update(of=("self",)).select_related("person")
    scheduled = due.filter(pk=scheduled_id, send_at__lte=Now(), problem="").first()
    if scheduled is None:
        return 0
    if not scheduled.person.is_active:
        problem = _("Your account was deactivated at that time.")
    elif scheduled.send_at < sql.clock() - LATEST:
        problem = _("Parley could not send it at that time.")
    elif refused := post(scheduled):
        if refused.retry_after:
            return refused.retry_after
        problem = refused.detail
    else:
        return 0
    keep(scheduled, problem)
    signals.scheduled_refused.send(sender=None, scheduled=scheduled)
    return 0


def lock_room_of(scheduled: QuerySet[ScheduledMessage]) -> None:
    """Before the row itself: a thread that moves holds its room, and takes the row along. Two queries."""
    sql.lock_rooms(list(scheduled.values_list("room_id", flat=True)))


def post(scheduled: ScheduledMessage) -> Refused | None:
    """Post it, and forget it unless that is refused. Needs a transaction that has locked its room and its row."""
    wanted = Post(
        scheduled.person_id,
        scheduled.room_id,
        scheduled.client_id,
        scheduled.text,
        thread_id=scheduled.thread_id,
        also_in_room=scheduled.also_in_room,
    )
    (answer,) = post_messages([wanted])
    if isinstance(answer, Refused):
        return answer
    broadcasts.scheduled_changed(scheduled.person_id)
    scheduled.delete()
    return None


def keep(scheduled: ScheduledMessage, problem: str) -> None:
    """It was not posted, because of a `problem`, and waits for its author."""
    scheduled.problem = problem[:200]
    scheduled.save(update_fields=["problem"])
    broadcasts.scheduled_changed(scheduled.person_id)


def overdue_reminders() -> list[int]:
    """The ids of reminders whose time has come and whose job did not: an organisation that was suspended then, or restored
    since, has none. One query."""
    late = Reminder.objects.filter(due_at__lt=Now() - _JOBS_TAKE, person__is_active=True)
    return list(late.order_by("due_at").values_list("pk", flat=True)[:_MOST])


def overdue_scheduled() -> list[int]:
    """The ids of scheduled messages of which the same is true. One query."""
    late = ScheduledMessage.objects.filter(send_at__lt=Now() - _JOBS_TAKE, problem="")
    return list(late.order_by("send_at").values_list("pk", flat=True)[:_MOST])


def overdue_polls() -> list[tuple[int, int]]:
    """Rooms and messages (ids) of polls of which the same is true. One query."""
    late = Poll.objects.filter(closes_at__lt=Now() - _JOBS_TAKE, closed_at__isnull=True)
    found = late.filter(message__deleted_at__isnull=True).order_by("closes_at")
    return list(found.values_list("message__room_id", "message_id")[:_MOST])
