"""Drafts: the newest typing wins, on all of one's devices and nobody else's."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import drafts, memberships, rooms
from chat.changes import MessageRefused
from chat.drafts import Kept, draft_in, drafts_of, keep_draft
from chat.jobs import tidy_up
from chat.models import Draft, Message, Room
from chat.posts import Posted
from chat.signals import personal_fields
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.events import Published
from tests.locks import wait_for
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
HTMX = {"HX-Request": "true"}


def keep(person: Any, room: Room, text: str, seconds_ago: float = 0, **kwargs: Any) -> Kept:
    with in_organisation(person.organisation):
        return keep_draft(person, room.pk, text, typed_ago=timedelta(seconds=seconds_ago), **kwargs)


def there(person: Any, room: Room, thread: Posted | None = None) -> str:
    with in_organisation(person.organisation):
        return draft_in(person, room.pk, thread.message_id if thread else None).text


def counted(person: Any) -> int:
    with in_organisation(person.organisation):
        fields = personal_fields(person.pk)
        assert fields["drafts"] == len(fields["draft_places"]) == len(drafts_of(person))
        return int(fields["drafts"])


def test_a_room_and_each_of_its_threads_have_a_draft(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    keep(alice, room, "Hello")
    keep(alice, room, "At noon", thread_id=root.message_id)
    keep(alice, room, "Hello everybody")
    assert (there(alice, room), there(alice, room, root)) == ("Hello everybody", "At noon")
    assert (there(bob, room), counted(bob), counted(alice)) == ("", 0, 2)
    keep(alice, room, "  \n")
    assert (there(alice, room), counted(alice)) == ("", 1)


def test_the_newest_typing_wins_whenever_it_arrives(alice: Any, room: Room) -> None:
    assert keep(alice, room, "On the train", 60).taken
    late = keep(alice, room, "Before the train", 3600)
    assert (late.taken, late.text) == (False, "On the train")
    assert keep(alice, room, "At home").taken
    assert keep(alice, room, "").taken  # sent
    revived = keep(alice, room, "On the train, offline", 30)
    assert (revived.taken, revived.text) == (False, "")
    assert keep(alice, room, "", 30).taken  # the same is the same
    assert there(alice, room) == ""


def test_a_pages_requests_may_overtake_each_other(alice: Any, room: Room) -> None:
    """Sent, then typed and left at once: the request that empties the draft took longer than the one with the words."""
    assert keep(alice, room, "Hello", page="a", turn=1).taken
    assert keep(alice, room, "And one more thing", page="a", turn=3).taken
    late = keep(alice, room, "", page="a", turn=2)
    assert (late.taken, late.text) == (False, "And one more thing")
    assert keep(alice, room, "And two", 5, page="a", turn=4).taken  # said to be older, as its request waited
    assert not keep(alice, room, "Before", 60, page="b", turn=9).taken  # of another page the time decides
    assert keep(alice, room, "After", page="b", turn=1).taken
    assert there(alice, room) == "After"


def test_of_a_race_one_row_with_the_newest_text_is_left(alice: Any, room: Room) -> None:
    def run(number: int) -> None:
        try:
            keep(alice, room, f"{number}", (number * 7) % 10)
        finally:
            leave()

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(run, range(10)))
    assert there(alice, room) == "0"
    with in_organisation(alice.organisation):
        assert Draft.objects.count() == 1


def test_a_clock_that_is_wrong_does_no_harm(alice: Any, room: Room) -> None:
    keep(alice, room, "From the future", -100_000)
    assert keep(alice, room, "Now").taken
    assert keep(alice, room, "x", 10**9).text == "Now"


def test_what_is_refused(alice: Any, charlie: Any, mallory: Any, room: Room, say: Say) -> None:
    secret = say(alice, room, "Secret")
    for person in (charlie, mallory):
        with pytest.raises(Room.DoesNotExist):
            keep(person, room, "Let me in")
        with pytest.raises(Message.DoesNotExist):
            keep(person, room, "Let me in", thread_id=secret.message_id)
    with pytest.raises(MessageRefused, match="longer"):
        keep(alice, room, "x" * 20_001)
    assert keep(alice, room, "x\0y").text == "xy"


def test_ones_own_pages_hear_of_it_and_nobody_elses(alice: Any, room: Room, published: Published) -> None:
    heard = len(published())
    keep(alice, room, "Hello", page="laptop")
    ((_, envelope),) = published()[heard:]
    assert envelope.topics == (f"person.{alice.pk}",)
    frame = json.loads(envelope.frame)
    assert (frame["room"], frame["thread"], frame["text"], frame["page"], frame["drafts"]) == (
        f"r{room.pk}",
        "",
        "Hello",
        "laptop",
        1,
    )
    keep(alice, room, "Old", 60)
    assert len(published()) == heard + 1  # what came too late is no news


def test_a_draft_stays_with_who_wrote_it(
    alice: Any, bob: Any, room: Room, public_room: Room, client_of: Browser
) -> None:
    keep(bob, room, "My words")
    keep(bob, public_room, "More words")
    with in_organisation(alice.organisation):
        memberships.remove_member(alice, room.pk, bob.pk)
        rooms.archive_room(alice, public_room.pk)
    page = client_of(bob).get("/drafts/").content.decode()
    assert "My words" in page
    assert "More words" in page
    assert room.name not in page
    assert counted(bob) == 2


def test_over_http(alice: Any, bob: Any, charlie: Any, room: Room, say: Say, client_of: Browser) -> None:
    root = say(alice, room, "Lunch?")
    browser, url = client_of(bob), f"/rooms/r{room.pk}/draft/"
    assert client_of(charlie).post(url, {"text": "x"}).status_code == 404
    assert client_of(charlie).get(url).status_code == 404
    kept = browser.post(url, {"text": "Hello", "ago": "1500", "page": "x" * 500}).json()
    assert (kept["text"], kept["taken"]) == ("Hello", True)
    reply = {"text": "Yes", "thread": f"m{root.message_id}"}
    assert browser.post(url, reply).status_code == 200
    assert browser.get(url, {"thread": f"m{root.message_id}"}).json()["text"] == "Yes"
    assert browser.get(url).json()["changed"] == kept["changed"]
    for wrong in ({"ago": "soon"}, {"ago": "-5"}, {"thread": "r5"}):
        assert browser.post(url, {"text": "x", **wrong}).status_code == 422
    assert browser.post(url, {"text": "x", "thread": "m999999"}).status_code == 404
    page = browser.get("/drafts/").content.decode()
    assert "Thread in Design" in page
    assert f"?thread=m{root.message_id}" in page
    with in_organisation(bob.organisation):
        own = Draft.objects.get(thread=None).pk
    for person in (alice, charlie):
        assert client_of(person).delete(f"/drafts/d{own}/").status_code == 404
    undo = json.loads(browser.delete(f"/drafts/d{own}/")["HX-Trigger"])["parley:undo"]
    assert there(bob, room) == ""
    assert browser.post(undo["url"], undo["fields"]).status_code == 204
    assert there(bob, room) == "Hello"


def test_what_the_list_and_keeping_cost(alice: Any, room: Room, client_of: Browser) -> None:
    browser, costs = client_of(alice), []
    for number in range(2):
        for offset in range(3):
            with in_organisation(alice.organisation):
                made = rooms.create_room(alice, name=f"Room {number} {offset}")
            keep(alice, made, "Hello")
        browser.get("/drafts/")
        with queries() as asked:
            browser.get("/drafts/")
        costs.append(sum("tenants_organisation" not in query for query in asked))
    assert costs == [3, 3]  # session and person; the list, and what stands beside
    with in_organisation(alice.organisation), CaptureQueriesContext(connection) as captured:
        keep_draft(alice, room.pk, "Hello")
    # the room; begin, keep, count, commit
    assert sum("set_config" not in query["sql"] for query in captured.captured_queries) <= 5


async def test_a_page_that_comes_back_learns_where_its_drafts_are_old(alice: Any, room: Room) -> None:
    open_page = await Tab.personal(alice)
    kept = await aside(keep, alice, room, "Hello")
    assert (await open_page.until("draft"))["text"] == "Hello"
    late = await Tab.personal(alice)
    state = late.frames[-1]
    assert state["drafts"] == 1
    assert state["draft_places"] == [[f"r{room.pk}", "", kept.changed_at.timestamp()]]
    for tab in (open_page, late):
        await tab.close()


def test_only_so_many_are_listed(
    monkeypatch: pytest.MonkeyPatch, alice: Any, room: Room, public_room: Room
) -> None:
    monkeypatch.setattr(drafts, "SHOWN", 1)
    keep(alice, room, "Older")
    keep(alice, public_room, "Newer")
    with in_organisation(alice.organisation):
        assert [one.text for one in drafts_of(alice)] == ["Newer"]


def test_words_that_come_back_leave_what_is_typed_meanwhile(alice: Any, room: Room) -> None:
    keep(alice, room, "Typed")
    with in_organisation(alice.organisation), ThreadPoolExecutor(1) as other_device, transaction.atomic():
        Draft.objects.select_for_update().get(person=alice, room=room)
        coming_back = other_device.submit(bring_back, alice, room)
        wait_for()
        Draft.objects.filter(person=alice, room=room).update(text="Typed more", changed_at=Now())
    coming_back.result()
    assert there(alice, room) == "Typed more\n\nNot sent"


def bring_back(alice: Any, room: Room) -> None:
    try:
        with in_organisation(alice.organisation):
            drafts.add_to_draft(alice, room.pk, None, "Not sent")
    finally:
        leave()


def test_what_was_emptied_long_ago_is_forgotten(
    alice: Any, room: Room, public_room: Room, run_jobs: Any
) -> None:
    with in_organisation(alice.organisation):
        days = {"": 91, "Kept": 400}
        for where, (text, ago) in zip((room, public_room), days.items(), strict=True):
            Draft.objects.create(
                person=alice, room=where, text=text, changed_at=timezone.now() - timedelta(days=ago)
            )
        notes = rooms.open_direct(alice, [])
        keep(alice, notes, "")
    tidy_up()
    run_jobs()
    with in_organisation(alice.organisation):
        assert set(Draft.objects.values_list("room_id", flat=True)) == {public_room.pk, notes.pk}
