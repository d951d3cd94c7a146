"""What was due while no job could see to it: an organisation was suspended, or restored from an archive, which has no jobs."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import people
from chat import reminders, scheduled
from chat.jobs import look_for_overdue
from chat.listing import new_poll
from chat.messages import post_messages
from chat.models import Message, Poll, Reminder, Room, ScheduledMessage
from chat.posts import Post
from notifications.models import Notification
from tenants import provisioning
from tenants.db import in_organisation

Run = Callable[[], None]
LATER = timedelta(hours=3)


@pytest.fixture
def awaited(alice: Any, room: Room) -> None:
    """A reminder, a scheduled message and the end of a poll of Alice's."""
    with in_organisation(alice.organisation):
        when = timezone.now() + LATER
        reminders.set_reminder(alice, when, text="Call Bob")
        scheduled.schedule_message(alice, room.pk, "Good morning", when, client_id=uuid.uuid4())
        poll = new_poll(["Yes", "No"], multiple=False, anonymous=False, is_open=False, minutes=180)
        post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "Lunch?", new_list=poll)])


def let_time_pass(person: Any, by: timedelta = timedelta(minutes=2)) -> None:
    was = timezone.now() - by
    with in_organisation(person.organisation):
        Reminder.objects.update(due_at=was)
        ScheduledMessage.objects.update(send_at=was)
        Poll.objects.update(closes_at=was)
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set scheduled_at = now() where status = 'todo'")


def what_happened(person: Any, room: Room) -> tuple[list[str], int, int]:
    """What was said, what was told, and how many polls ended."""
    with in_organisation(person.organisation):
        said = Message.objects.filter(room=room).order_by("pk").values_list("text", flat=True)
        told = Notification.objects.filter(person=person, kind="reminder").count()
        return list(said), told, Poll.objects.filter(closed_at__isnull=False).count()


def forget_jobs() -> None:
    """As a restored organisation has none."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


@pytest.mark.usefixtures("awaited")
def test_it_happens_once_the_organisation_is_open_again(alice: Any, room: Room, run_jobs: Run) -> None:
    provisioning.suspend(alice.organisation)
    let_time_pass(alice)
    run_jobs()
    look_for_overdue()
    run_jobs()
    assert what_happened(alice, room) == (["Lunch?"], 0, 0)
    provisioning.resume(alice.organisation)
    for _ in range(2):
        look_for_overdue()
        run_jobs()
    assert what_happened(alice, room) == (["Lunch?", "Good morning"], 1, 1)


@pytest.mark.usefixtures("awaited")
def test_what_is_not_due_waits_on_without_a_job_and_then_happens(
    alice: Any, room: Room, run_jobs: Run
) -> None:
    forget_jobs()
    look_for_overdue()
    run_jobs()
    assert what_happened(alice, room) == (["Lunch?"], 0, 0)
    let_time_pass(alice)
    look_for_overdue()
    run_jobs()
    assert what_happened(alice, room) == (["Lunch?", "Good morning"], 1, 1)


@pytest.mark.usefixtures("awaited")
def test_words_of_days_ago_are_not_said_without_asking(alice: Any, room: Room, run_jobs: Run) -> None:
    forget_jobs()
    let_time_pass(alice, timedelta(days=2))
    look_for_overdue()
    run_jobs()
    assert what_happened(alice, room) == (["Lunch?"], 1, 1)
    with in_organisation(alice.organisation):
        (kept,) = scheduled.scheduled_of(alice)
    assert kept.problem == "Parley could not send it at that time."


def test_who_is_deactivated_is_not_asked_about_again_and_again(alice: Any, bob: Any, run_jobs: Run) -> None:
    with in_organisation(alice.organisation):
        reminders.set_reminder(bob, timezone.now() + LATER, text="Call Alice")
        people.deactivate(alice, bob.pk)
    let_time_pass(alice)
    run_jobs()
    look_for_overdue()
    run_jobs()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where task_name = 'chat.jobs.remind'")
        assert cursor.fetchone() == (0,)
