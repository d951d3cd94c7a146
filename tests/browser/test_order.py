"""Frames that arrive twice, late or out of order leave the page right."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from chat.changes import delete_message, edit_message
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import message, texts, write
from tests.browser.sockets import Line
from tests.sockets import aside

# What a page would do after some five seconds it never does.
NEVER = "const later = setTimeout; window.setTimeout = (act, ms, ...rest) => later(act, ms >= 2500 && ms <= 7500 ? 1e8 : ms, ...rest);"


async def positions(page: Page) -> list[int]:
    shown = page.locator("#timeline > .message")
    return await shown.evaluate_all("(all) => all.map((one) => Number(one.dataset.position))")


async def edit(person: Any, room: Room, message_id: int, text: str) -> None:
    def change() -> None:
        with in_organisation(person.organisation):
            edit_message(person, room.pk, message_id, text)

    await aside(change)


async def delete(person: Any, room: Room, message_id: int) -> None:
    def change() -> None:
        with in_organisation(person.organisation):
            delete_message(person, room.pk, message_id)

    await aside(change)


async def test_frames_out_of_order_and_twice_are_shown_in_order_and_once(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    await says(bob, room, "Zero")
    await expect(message(hers, "Zero")).to_be_visible()
    line.hold("messages")
    for text in ("One", "Two", "Three"):
        await says(bob, room, text)
    one, two, three = await line.until_held(3)
    await line.deliver(three, one, three, two, one, two)
    await expect(message(hers, "Two")).to_be_visible()
    assert await texts(hers) == ["Zero", "One", "Two", "Three"]
    assert await positions(hers) == [1, 2, 3, 4]


async def test_an_older_edit_that_comes_late_does_not_undo_a_newer_one(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    posted = await says(bob, room, "First")
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.hold("messages")
    await edit(bob, room, posted.message_id, "Second")
    await edit(bob, room, posted.message_id, "Third")
    second, third = await line.until_held(2)
    await line.deliver(third, second)
    assert await texts(hers) == ["Third"]
    await line.deliver(second, third, second)
    assert await texts(hers) == ["Third"]


async def test_a_deleted_message_does_not_come_back_with_a_late_frame(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.hold("messages")
    posted = await says(bob, room, "Secret")
    await delete(bob, room, posted.message_id)
    words, tombstone = await line.until_held(2)
    await line.deliver(tombstone, words)
    assert await texts(hers) == ["This message was deleted."]


async def test_a_gap_makes_the_page_ask_again(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.hold("messages")
    await says(bob, room, "Lost")
    await line.until_held(1)
    line.let_go()
    await says(bob, room, "Arrived")
    await expect(message(hers, "Lost")).to_be_visible()
    assert await texts(hers) == ["Lost", "Arrived"]
    assert len(await line.until_sent("resume", 2)) == 2


async def test_a_frame_that_is_lost_at_the_end_is_missed_by_the_next_head(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.hold("messages")
    posted = await says(bob, room, "Lost")
    await line.until_held(1)
    line.let_go()
    head = {"type": "head", "room": f"r{room.pk}", "revision": posted.revision, "messages": posted.position}
    await line.deliver(head)
    await expect(message(hers, "Lost")).to_be_visible()


async def test_a_reset_loads_the_timeline_again_and_leaves_the_composer_alone(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    await write(hers, "Here before")
    await expect(message(hers, "Here before")).to_be_visible()
    await hers.locator("#composer-text").fill("Half a thought")
    await hers.evaluate("window.thisPage = true")
    line.hold("messages")
    await says(bob, room, "Missed")
    (missed,) = await line.until_held(1)
    await line.deliver({"type": "reset", "reason": "test"}, missed, missed)
    await expect(message(hers, "Missed")).to_be_visible()
    assert await texts(hers) == ["Here before", "Missed"]
    await expect(hers.locator("#composer-text")).to_have_value("Half a thought")
    await expect(hers.locator("#composer-text")).to_be_focused()
    assert await hers.evaluate("window.thisPage")


async def test_a_reader_above_is_not_moved_by_changes_around(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    posted = [await says(bob, room, f"Number {number}\n\nand more") for number in range(40)]
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    scroller = hers.locator("#scroller")
    await scroller.evaluate("(scroller) => { scroller.scrollTop = 900 }")
    anchor = message(hers, "Number 20")
    await expect(anchor).to_be_in_viewport()
    before = await anchor.bounding_box()
    await edit(bob, room, posted[2].message_id, "Number 2\n\nis\n\nnow\n\nmuch\n\nlonger")
    await expect(message(hers, "much")).to_have_count(1)
    await says(bob, room, "At the end")
    await expect(message(hers, "At the end")).to_have_count(1)
    after = await anchor.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) <= 1


async def test_words_that_are_no_frame_do_no_harm(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    await line.deliver(json.dumps({"type": "of-tomorrow", "more": [1]}), "not json")
    await says(bob, room, "Still here")
    await expect(message(hers, "Still here")).to_be_visible()


@pytest.mark.parametrize(("drawn", "after"), [(0.0, 96), (0.999, 128)])
@pytest.mark.parametrize(("path", "kind"), [("/ws/rooms/", "messages"), ("/ws/me/", "activity")])
async def test_a_page_that_gets_much_acknowledges_before_its_time(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, path: str, kind: str, drawn: float, after: int
) -> None:
    """The server starts a reader afresh who owes it 256 frames, which can be less than five seconds'."""
    line = Line(path)

    async def prepare(page: Page) -> None:
        await line.lay(page)
        await page.add_init_script(f"Math.random = () => {drawn}; {NEVER}")

    await in_room(alice, room, before=prepare)
    line.hold(kind)
    await says(bob, room, "One")
    frame = (await line.until_held(1))[0]
    already = len(await line.until_sent("ack", 0))
    await line.deliver(*[frame] * 300)
    acknowledged = await line.until_sent("ack", already + 300 // after)
    assert len(acknowledged) == already + 300 // after
    await line.deliver({"type": "of-tomorrow", "more": "x" * after * 1024})
    acknowledged = await line.until_sent("ack", already + 300 // after + 1)
    if kind == "messages":
        assert acknowledged[-1]["revision"] == json.loads(frame)["revision"]


@pytest.mark.parametrize("path", ["/ws/rooms/", "/ws/me/"])
@pytest.mark.parametrize(("drawn", "after"), [(0.1, 3000), (0.9, 7000)])
async def test_what_little_came_is_acknowledged_some_five_seconds_later(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, path: str, drawn: float, after: int
) -> None:
    """Each page at its own moment: a thousand readers of a message would answer at once."""
    line = Line(path)

    async def prepare(page: Page) -> None:
        await line.lay(page)
        await page.add_init_script(f"Math.random = () => {drawn};")
        await page.clock.install()

    page = await in_room(alice, room, before=prepare)
    await page.clock.run_for(after)
    already = len(await line.until_sent("ack", 0))
    await says(bob, room, "One")
    await expect(message(page, "One")).to_be_visible()
    await page.clock.run_for(after - 1000)
    assert len(await line.until_sent("ack", 0)) == already
    await page.clock.run_for(1000)
    await line.until_sent("ack", already + 1)
