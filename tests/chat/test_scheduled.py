"""Scheduled messages: posted once when their time has come, or kept with the reason."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import people
from chat import due, memberships, revisions, rooms, scheduled
from chat.changes import MessageRefused
from chat.drafts import draft_in, keep_draft
from chat.messages import post_messages
from chat.models import Membership, Message, Room, ScheduledMessage
from chat.posts import Post, Posted
from chat.room_settings import settle_room
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tests.chat.pages import queries, somebody_waits
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
Run = Callable[[], None]
HTMX = {"HX-Request": "true"}
LATER = timedelta(hours=3)


def schedule(person: Any, room: Room, text: str = "Good morning", **kwargs: Any) -> int:
    with in_organisation(person.organisation):
        kwargs = {"client_id": uuid.uuid4(), "when": timezone.now() + LATER, **kwargs}
        made = scheduled.schedule_message(person, room.pk, text, **kwargs)
        return int(made.pk)


def let_time_pass(person: Any) -> None:
    """What was to come in three hours is due, and its job may run."""
    with in_organisation(person.organisation):
        ScheduledMessage.objects.update(send_at=timezone.now() - timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set scheduled_at = now() where status = 'todo'")


def said_in(person: Any, room: Room) -> list[str]:
    with in_organisation(person.organisation):
        return list(Message.objects.filter(room=room).order_by("pk").values_list("text", flat=True))


def waiting(person: Any) -> list[tuple[str, str]]:
    with in_organisation(person.organisation):
        return [(one.text, one.problem) for one in scheduled.scheduled_of(person)]


def told(person: Any) -> list[str]:
    with in_organisation(person.organisation):
        return list(Notification.objects.filter(person=person, kind="note").values_list("text", flat=True))


def test_it_is_posted_when_its_time_has_come_and_not_before(
    alice: Any, bob: Any, room: Room, run_jobs: Run
) -> None:
    schedule(alice, room, "@bob good morning")
    run_jobs()
    assert (said_in(alice, room), len(waiting(alice)), waiting(bob)) == ([], 1, [])
    let_time_pass(alice)
    run_jobs()
    assert (said_in(alice, room), waiting(alice)) == (["@bob good morning"], [])
    with in_organisation(alice.organisation):
        assert Notification.objects.get(person=bob).kind == "mention"  # a post like any other


def test_it_is_posted_once_however_often_its_job_runs(alice: Any, room: Room) -> None:
    made = schedule(alice, room)
    let_time_pass(alice)

    def run(_: int) -> None:
        try:
            with in_organisation(alice.organisation):
                due.post_scheduled(made)
        finally:
            leave()

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(run, range(10)))
    assert said_in(alice, room) == ["Good morning"]


def test_what_was_posted_before_its_row_went_is_not_posted_again(
    alice: Any, room: Room, run_jobs: Run
) -> None:
    name = uuid.uuid4()
    schedule(alice, room, client_id=name)
    with in_organisation(alice.organisation):
        post_messages([Post(alice.pk, room.pk, name, "Good morning")])
    let_time_pass(alice)
    run_jobs()
    assert (said_in(alice, room), waiting(alice)) == (["Good morning"], [])


def test_a_form_that_is_sent_twice_schedules_once(alice: Any, room: Room) -> None:
    name = uuid.uuid4()
    assert schedule(alice, room, client_id=name) == schedule(alice, room, "Good night", client_id=name)
    assert waiting(alice) == [("Good morning", "")]


def test_a_reply_later(alice: Any, bob: Any, room: Room, say: Say, run_jobs: Run) -> None:
    root = say(bob, room, "Lunch?")
    schedule(alice, room, "Yes", thread_id=root.message_id, also_in_room=True)
    let_time_pass(alice)
    run_jobs()
    with in_organisation(alice.organisation):
        reply = Message.objects.get(text="Yes")
    assert (reply.thread_id, reply.thread_position, reply.position) == (root.message_id, 1, 2)


def leave_the_room(alice: Any, bob: Any, room: Room) -> None:
    memberships.remove_member(alice, room.pk, bob.pk)


def archive_the_room(alice: Any, bob: Any, room: Room) -> None:
    rooms.archive_room(alice, room.pk)


def deactivate(alice: Any, bob: Any, room: Room) -> None:
    people.deactivate(alice, bob.pk)


@pytest.mark.parametrize(
    ("happens", "problem"),
    [(leave_the_room, "not in it"), (archive_the_room, "archived"), (deactivate, "deactivated")],
)
def test_what_can_not_be_posted_is_kept_and_told(
    alice: Any, bob: Any, room: Room, run_jobs: Run, happens: Callable[..., None], problem: str
) -> None:
    made = schedule(bob, room, "My words")
    with in_organisation(alice.organisation):
        happens(alice, bob, room)
    let_time_pass(bob)
    run_jobs()
    with in_organisation(bob.organisation):
        due.post_scheduled(made)
    assert said_in(alice, room) == []
    ((text, why),) = waiting(bob)
    assert text == "My words"
    assert problem in why
    assert told(bob) == [why]  # once


def test_it_can_be_tried_again(alice: Any, bob: Any, room: Room, run_jobs: Run) -> None:
    made = schedule(bob, room)
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    let_time_pass(bob)
    run_jobs()
    with in_organisation(bob.organisation):
        assert "archived" in scheduled.send_now(bob, made)
        rooms.restore_room(alice, room.pk)
        scheduled.change_scheduled(bob, made, "Good evening", timezone.now() + LATER)
    assert waiting(bob) == [("Good evening", "")]
    let_time_pass(bob)
    run_jobs()
    assert said_in(bob, room) == ["Good evening"]


def test_another_time_now_and_never(alice: Any, bob: Any, room: Room, run_jobs: Run) -> None:
    moved, now, never = (schedule(alice, room, text) for text in ("Moved", "Now", "Never"))
    with in_organisation(alice.organisation):
        for change in (scheduled.send_now, scheduled.cancel_scheduled):
            with pytest.raises(ScheduledMessage.DoesNotExist):
                change(bob, moved)
        with pytest.raises(ScheduledMessage.DoesNotExist):
            scheduled.change_scheduled(bob, moved, "Mine", timezone.now() + LATER)
        assert scheduled.send_now(alice, now) == ""
        keep_draft(alice, room.pk, "Begun")
        scheduled.cancel_scheduled(alice, never)
        assert draft_in(alice, room.pk).text == "Begun\n\nNever"
    assert said_in(alice, room) == ["Now"]
    let_time_pass(alice)
    with in_organisation(alice.organisation):
        scheduled.change_scheduled(alice, moved, "Moved", timezone.now() + LATER)
    run_jobs()  # the job of the earlier time, too early now
    assert said_in(alice, room) == ["Now"]


def test_what_is_refused(
    monkeypatch: pytest.MonkeyPatch, alice: Any, charlie: Any, mallory: Any, room: Room, public_room: Room
) -> None:
    for person in (charlie, mallory):
        with pytest.raises(Room.DoesNotExist):
            schedule(person, room)
    for code, kwargs in {
        "empty": {"text": " "},
        "too_long": {"text": "x" * 10_001},
        "over": {"when": timezone.now() - timedelta(seconds=1)},
    }.items():
        with pytest.raises(MessageRefused) as refused:
            schedule(alice, room, **kwargs)
        assert refused.value.code == code
    with pytest.raises(MessageRefused) as refused:
        schedule(charlie, public_room)
    assert refused.value.code == "forbidden"
    with pytest.raises(Message.DoesNotExist):
        schedule(alice, room, thread_id=999_999)
    monkeypatch.setattr(scheduled, "MOST", 1)
    schedule(alice, room)
    with pytest.raises(MessageRefused) as refused:
        schedule(alice, room)
    assert refused.value.code == "too_many"


def test_over_http(alice: Any, bob: Any, charlie: Any, room: Room, client_of: Browser) -> None:
    browser, url = client_of(alice), f"/rooms/r{room.pk}/scheduled/"
    assert client_of(charlie).get(url).status_code == 404
    form = browser.get(url, headers=HTMX).content.decode()
    assert "Tomorrow morning" in form
    fields = {"text": "Good morning", "when": "tomorrow 9:00", "client_id": str(uuid.uuid4())}
    assert client_of(charlie).post(url, fields).status_code == 404
    for wrong in ({"when": "soonish"}, {"text": ""}, {"client_id": "1"}, {"thread": "r1"}):
        assert browser.post(url, {**fields, **wrong}, headers=HTMX).status_code == 422
    made = browser.post(url, fields, headers=HTMX)
    undo = json.loads(made["HX-Trigger"])["parley:undo"]
    page = browser.get("/scheduled/").content.decode()
    assert "Good morning" in page
    assert 'id="sidebar-drafts" href="/drafts/" aria-current="page"' in page
    assert "Good morning" not in client_of(bob).get("/scheduled/").content.decode()
    own = undo["url"]
    for method in ("get", "post", "delete"):
        assert getattr(client_of(bob), method)(own).status_code == 404
    assert client_of(bob).post(f"{own}sending/").status_code == 404
    assert "Good morning" in browser.get(own, headers=HTMX).content.decode()
    changed = {"text": "Good evening", "when": "tomorrow 18:00"}
    assert browser.post(own, changed, headers=HTMX).status_code == 204
    assert waiting(alice) == [("Good evening", "")]
    assert browser.delete(own).status_code == 204
    assert waiting(alice) == []
    with in_organisation(alice.organisation):
        assert draft_in(alice, room.pk).text == "Good evening"
    again = {**fields, "client_id": str(uuid.uuid4())}
    plain = browser.post(url, again, headers={"Accept": "text/html"})
    assert (plain.status_code, plain["Location"]) == (302, "/scheduled/")
    with in_organisation(alice.organisation):
        own = f"/scheduled/s{ScheduledMessage.objects.get().pk}/"
    assert browser.post(f"{own}sending/").status_code == 204
    assert said_in(alice, room) == ["Good morning"]


def test_what_the_list_costs(alice: Any, room: Room, client_of: Browser) -> None:
    browser, costs = client_of(alice), []
    for number in range(2):
        for _ in range(3):
            schedule(alice, room, f"Good morning {number}")
        browser.get("/scheduled/")
        with queries() as asked:
            browser.get("/scheduled/")
        costs.append(sum("tenants_organisation" not in query for query in asked))
    assert costs == [3, 3]  # session and person; the list, and what stands beside


async def test_ones_own_pages_follow_and_others_see_nothing_before(alice: Any, bob: Any, room: Room) -> None:
    hers, his = await Tab.personal(alice), await Tab.personal(bob)
    made = await aside(schedule, alice, room)
    await hers.until("scheduled")
    assert not await his.heard() & {"scheduled", "activity", "unread"}

    def post() -> None:
        let_time_pass(alice)
        with in_organisation(alice.organisation):
            due.post_scheduled(made)

    await aside(post)
    await hers.until("scheduled")
    await his.until("activity")
    for tab in (hers, his):
        await tab.close()


def test_a_slow_room_makes_it_wait(alice: Any, bob: Any, room: Room, say: Say, run_jobs: Run) -> None:
    with in_organisation(alice.organisation):
        settle_room(alice, room.pk, slow_seconds=3600)
    say(bob, room, "First")
    made = schedule(bob, room)
    with in_organisation(bob.organisation):
        assert "This room is slow" in scheduled.send_now(bob, made)
    let_time_pass(bob)
    run_jobs()
    assert (said_in(bob, room), waiting(bob), told(bob)) == (["First"], [("Good morning", "")], [])
    with in_organisation(bob.organisation):
        Membership.objects.filter(room=room, person=bob).update(posted_at=timezone.now() - timedelta(hours=2))
    let_time_pass(bob)
    run_jobs()
    assert (said_in(bob, room), waiting(bob)) == (["First", "Good morning"], [])


@pytest.mark.parametrize("how", ["in time", "now"])
def test_posting_waits_for_its_room_before_its_row(alice: Any, room: Room, how: str) -> None:
    """Whoever moves a thread holds the room and takes the row along: the other way round both would wait for ever."""
    number = schedule(alice, room)
    let_time_pass(alice)

    def post() -> None:
        try:
            with in_organisation(alice.organisation):
                scheduled.send_now(alice, number) if how == "now" else due.post_scheduled(number)
        finally:
            leave()

    with ThreadPoolExecutor(1) as pool:
        with in_organisation(alice.organisation), transaction.atomic():
            revisions.locked(room.pk)
            posting = pool.submit(post)
            while not posting.done() and not somebody_waits():
                pass
            assert ScheduledMessage.objects.select_for_update(nowait=True).get().pk == number
        posting.result()
    assert said_in(alice, room) == ["Good morning"]
