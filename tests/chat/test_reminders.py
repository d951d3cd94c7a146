"""Reminders: set, changed, cancelled, and delivered exactly once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import people, profiles
from chat import due, memberships, reminders
from chat.changes import MessageRefused, delete_message, edit_message
from chat.models import Message, Reminder, Room
from chat.posts import Posted
from chat.when import WhenRefused
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
Run = Callable[[], None]
HTMX = {"HX-Request": "true"}
LATER = timedelta(hours=3)


def remind(person: Any, text: str = "Call Bob", said: Posted | None = None, room: Room | None = None) -> int:
    with in_organisation(person.organisation):
        made = reminders.set_reminder(
            person,
            timezone.now() + LATER,
            text=text,
            room_id=room.pk if room else None,
            message_id=said.message_id if said else None,
        )
        return int(made.pk)


def let_time_pass(person: Any) -> None:
    """What was to come in three hours is due, and its job may run."""
    with in_organisation(person.organisation):
        Reminder.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set scheduled_at = now() where status = 'todo'")


def told(person: Any) -> list[tuple[str, str, str]]:
    with in_organisation(person.organisation):
        entries = Notification.objects.filter(person=person, kind="reminder").order_by("pk")
        return list(entries.values_list("title", "text", "link"))


def test_a_reminder_is_delivered_when_it_is_due_and_not_before(alice: Any, bob: Any, run_jobs: Run) -> None:
    remind(alice)
    run_jobs()
    assert told(alice) == []
    let_time_pass(alice)
    run_jobs()
    assert told(alice) == [("Reminder: Call Bob", "", "/notifications/")]
    assert told(bob) == []
    with in_organisation(alice.organisation):
        assert reminders.reminders_of(alice) == []


def test_it_is_delivered_once_however_often_its_job_runs(alice: Any) -> None:
    made = remind(alice)
    let_time_pass(alice)

    def run(_: int) -> None:
        try:
            with in_organisation(alice.organisation):
                due.deliver_reminder(made)
        finally:
            leave()

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(run, range(10)))
    assert len(told(alice)) == 1


def test_it_names_its_message(alice: Any, bob: Any, room: Room, say: Say, run_jobs: Run) -> None:
    said = say(bob, room, "The plan")
    link = f"/rooms/r{room.pk}/?message=m{said.message_id}"
    remind(alice, "", said, room)
    remind(alice, "Read it", said, room)
    let_time_pass(alice)
    run_jobs()
    assert sorted(told(alice)) == [("Reminder", "The plan", link), ("Reminder: Read it", "The plan", link)]
    with in_organisation(bob.organisation):
        edit_message(bob, room.pk, said.message_id, "A better plan")
    assert {text for _, text, _ in told(alice)} == {"A better plan"}
    with in_organisation(bob.organisation):
        delete_message(bob, room.pk, said.message_id)
    assert told(alice) == []


def test_what_one_may_not_read_by_then_is_not_told(
    alice: Any, bob: Any, room: Room, say: Say, run_jobs: Run, client_of: Browser
) -> None:
    secret, gone = say(alice, room, "Secret"), say(alice, room, "Gone")
    for said in (secret, gone):
        remind(bob, "", said, room)
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, gone.message_id)
        memberships.remove_member(alice, room.pk, bob.pk)
    page = client_of(bob).get("/reminders/").content.decode()
    assert "Secret" not in page
    assert page.count("you can't read it any more") == 2
    let_time_pass(bob)
    run_jobs()
    assert [text for _, text, _ in told(bob)] == [
        "Its message was deleted, or you can't read it any more."
    ] * 2


def test_a_deactivated_person_is_told_when_they_come_back(alice: Any, bob: Any, run_jobs: Run) -> None:
    remind(bob)
    with in_organisation(alice.organisation):
        people.deactivate(alice, bob.pk)
    let_time_pass(bob)
    run_jobs()
    assert told(bob) == []
    with in_organisation(alice.organisation):
        people.reactivate(alice, bob.pk)
    run_jobs()
    assert len(told(bob)) == 1


def test_another_time_and_no_time(alice: Any, bob: Any, run_jobs: Run) -> None:
    moved, cancelled = remind(alice, "Moved"), remind(alice, "Cancelled")
    with in_organisation(alice.organisation):
        reminders.cancel_reminder(alice, cancelled)
        for person, pk in ((bob, moved), (alice, cancelled)):
            with pytest.raises(Reminder.DoesNotExist):
                reminders.change_reminder(person, pk, timezone.now() + LATER, "Mine")
            with pytest.raises(Reminder.DoesNotExist):
                reminders.cancel_reminder(person, pk)
    let_time_pass(alice)
    with in_organisation(alice.organisation):
        reminders.change_reminder(alice, moved, timezone.now() + LATER, "Moved again")
    run_jobs()  # the job of the earlier time, too early now
    assert told(alice) == []
    let_time_pass(alice)
    run_jobs()
    assert [title for title, _, _ in told(alice)] == ["Reminder: Moved again"]


def test_what_is_refused(
    monkeypatch: pytest.MonkeyPatch, alice: Any, charlie: Any, room: Room, say: Say
) -> None:
    said = say(alice, room, "Secret")
    with pytest.raises(Message.DoesNotExist):
        remind(charlie, "", said, room)
    for text, code in ((" \n", "empty"), ("x" * 501, "too_long")):
        with pytest.raises(MessageRefused) as refused:
            remind(alice, text)
        assert refused.value.code == code
    with in_organisation(alice.organisation), pytest.raises(MessageRefused) as refused:
        reminders.set_reminder(alice, timezone.now() - timedelta(seconds=5), text="Late")
    assert refused.value.code == "over"
    monkeypatch.setattr(reminders, "MOST", 1)
    remind(alice)
    with pytest.raises(MessageRefused) as refused:
        remind(alice)
    assert refused.value.code == "too_many"


def test_a_line_as_people_write_it(alice: Any) -> None:
    with in_organisation(alice.organisation):
        profiles.update_profile(alice, name=alice.name, time_zone="Asia/Tokyo")
        made = reminders.set_reminder_as_written(alice, "me 2028-03-01 9:00 to call\nBob")
        assert (made.text, made.due_at) == ("call Bob", datetime(2028, 3, 1, 0, 0, tzinfo=UTC))
        with pytest.raises(WhenRefused):
            reminders.set_reminder_as_written(alice, "me to call Bob")


def test_over_http(alice: Any, bob: Any, room: Room, say: Say, client_of: Browser) -> None:
    said = say(bob, room, "The plan")
    browser, url = client_of(alice), f"/rooms/r{room.pk}/messages/m{said.message_id}/reminder/"
    form = browser.get(url, headers=HTMX).content.decode()
    assert "Tomorrow morning" in form
    assert "<main" not in form
    unclear = browser.post(url, {"when": "soonish"}, headers=HTMX)
    assert unclear.status_code == 422
    assert "soonish" in unclear.content.decode()
    made = browser.post(url, {"when": "", "choice": "in an hour"}, headers=HTMX)
    undo = json.loads(made["HX-Trigger"])["parley:undo"]
    assert (made.status_code, undo["method"]) == (204, "DELETE")
    page = browser.get("/reminders/").content.decode()
    assert "The plan" in page
    assert 'id="sidebar-saved" href="/saved/" aria-current="page"' in page
    assert "The plan" not in client_of(bob).get("/reminders/").content.decode()
    for method in ("get", "post", "delete"):
        assert getattr(client_of(bob), method)(undo["url"]).status_code == 404
    changed = browser.post(undo["url"], {"when": "tomorrow 9:00", "text": "Call"}, headers=HTMX)
    assert changed.status_code == 204
    again = json.loads(browser.delete(undo["url"])["HX-Trigger"])["parley:undo"]
    assert "The plan" not in browser.get("/reminders/", headers=HTMX).content.decode()
    assert browser.post(again["url"], again["fields"], headers=HTMX).status_code == 204
    assert "The plan" in browser.get("/reminders/", headers=HTMX).content.decode()
    plain = browser.post(
        "/reminders/", {"text": "Tea", "when": "in 5 minutes"}, headers={"Accept": "text/html"}
    )
    assert (plain.status_code, plain["Location"]) == (302, "/reminders/")
    assert browser.get("/reminders/new/").status_code == 200


def test_what_the_list_costs(alice: Any, room: Room, say: Say, client_of: Browser) -> None:
    browser, costs = client_of(alice), []
    for _ in range(2):
        for _ in range(3):
            remind(alice, "", say(alice, room, "The plan"), room)
        browser.get("/reminders/")
        with queries() as asked:
            browser.get("/reminders/")
        costs.append(sum("tenants_organisation" not in query for query in asked))
    assert costs == [3, 3]  # session and person; the list, and what stands beside


async def test_it_comes_live(alice: Any, bob: Any) -> None:
    hers, his = await Tab.personal(alice), await Tab.personal(bob)
    made = await aside(remind, alice)
    await hers.until("reminders")

    def deliver() -> None:
        let_time_pass(alice)
        with in_organisation(alice.organisation):
            due.deliver_reminder(made)

    await aside(deliver)
    frame = await hers.until("notification")
    assert (frame["kind"], frame["title"], frame["unread"]) == ("reminder", "Reminder: Call Bob", 1)
    await hers.until("reminders")
    assert not await his.heard() & {"reminders", "notification"}
    for tab in (hers, his):
        await tab.close()
