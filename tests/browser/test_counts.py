"""What is unread and who is mentioned is counted right in whatever order the server's words reach the page."""

import json
from typing import Any

from playwright.async_api import Page, expect

from chat.changes import delete_message, edit_message
from chat.models import Room
from chat.unread import mark_read
from tenants.db import in_organisation
from tests.browser.pages import expect_badge
from tests.browser.sockets import Line
from tests.browser.test_mentions import expect_mentions, reply
from tests.sockets import aside

RESYNC = {"type": "resync"}


async def listen(in_room: Any, person: Any, elsewhere: Room) -> tuple[Page, Line]:
    """A page in another room, once it has its state; and its personal line."""
    line = Line("/ws/me/")
    line.hold("state")
    page = await in_room(person, elsewhere, before=line.lay)
    (state,) = await line.until_held(1)
    line.let_go()
    await line.deliver(state)
    line.held.clear()
    return page, line


async def do(person: Any, act: Any, *args: Any) -> Any:
    def act_inside() -> Any:
        with in_organisation(person.organisation):
            return act(*args)

    return await aside(act_inside)


async def ask_again(line: Line) -> str:
    """Let the page ask for its state; the answer, which it does not have yet."""
    held = len(line.held)
    line.hold("state", "activity", "mention", "thread", "threads", "unread")
    await line.deliver(RESYNC)
    return (await line.until_held(held + 1))[-1]


async def test_what_the_state_has_counted_is_not_counted_again(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page, line = await listen(in_room, bob, public_room)
    line.hold("activity", "mention")
    await says(alice, room, "@Bob look")
    news = list(await line.until_held(2))
    await line.deliver(await ask_again(line), *news)
    await expect_mentions(page, "1")
    await expect_badge(page, room, "@1")
    line.let_go()
    await says(alice, room, "@Bob and here")
    await expect_mentions(page, "2")


async def test_news_that_overtake_each_other_are_all_counted(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page, line = await listen(in_room, bob, public_room)
    line.hold("activity")
    for text in ("One", "Two", "Three"):
        await says(alice, room, text)
    one, two, three = await line.until_held(3)
    await line.deliver(three, one, three, two, one)
    await expect_badge(page, room, "3")


async def test_replies_are_counted_once_and_all_of_them(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    root = await says(bob, room, "Lunch?")
    page, line = await listen(in_room, bob, public_room)
    threads = page.locator("#sidebar [data-threads] [data-badge]")
    line.hold("thread", "mention")
    await aside(reply, alice, room, root.message_id, "@Bob one")
    await aside(reply, alice, room, root.message_id, "two")
    one, mention, two = await line.until_held(3)
    await line.deliver(await ask_again(line), one, mention, two)
    await expect(threads).to_have_text("2")
    await expect_mentions(page, "1")
    line.held.clear()
    await aside(reply, alice, room, root.message_id, "three")
    await aside(reply, alice, room, root.message_id, "four")
    three, four = await line.until_held(2)
    await line.deliver(four, three, four)
    await expect(threads).to_have_text("4")


async def test_a_deletion_that_overtakes_its_message_takes_nothing_else(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page, line = await listen(in_room, bob, public_room)
    await says(alice, room, "Stays")
    await expect_badge(page, room, "1")
    line.hold("activity")
    said = await says(alice, room, "Goes")
    await do(alice, delete_message, alice, room.pk, said.message_id)
    posted, deleted = await line.until_held(2)
    await line.deliver(deleted, posted)
    await expect_badge(page, room, "1")


async def test_a_mention_by_an_edit_is_counted_although_its_message_was_before(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page, line = await listen(in_room, bob, public_room)
    said = await says(alice, room, "Look")
    await expect_badge(page, room, "1")
    await line.deliver(await ask_again(line))
    line.hold("mention")
    await do(alice, edit_message, alice, room.pk, said.message_id, "@Bob look")
    mention = (await line.until_held(2))[-1]
    await line.deliver(mention, mention)
    await expect_mentions(page, "1")
    await expect_badge(page, room, "@1")


async def test_what_was_read_elsewhere_takes_no_mention_that_came_after_it(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page, line = await listen(in_room, bob, public_room)
    await says(alice, room, "@Bob one")
    await expect_mentions(page, "1")
    line.hold("unread")
    await do(bob, mark_read, bob.pk, room.pk, 1)
    (read,) = await line.until_held(1)
    await says(alice, room, "@Bob two")
    await expect_badge(page, room, "@2")
    await line.deliver(read)
    await expect_mentions(page, "1")
    await expect_badge(page, room, "@1")


async def test_a_sidebar_that_was_drawn_before_loses_nothing(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page, line = await listen(in_room, bob, public_room)
    drawn = await page.evaluate("fetch('/sidebar/').then((answer) => answer.text())")
    await page.route("**/sidebar/**", lambda route: route.fulfill(body=drawn, content_type="text/html"))
    await says(alice, room, "@Bob look")
    await expect_mentions(page, "1")
    async with page.expect_response("**/sidebar/**"):
        await line.deliver({"type": "rooms"})
    await page.wait_for_load_state("networkidle")
    await expect_mentions(page, "1")
    await expect_badge(page, room, "@1")


async def test_of_two_counts_that_each_lack_something_the_page_asks_for_a_third(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page, line = await listen(in_room, bob, public_room)
    await says(alice, room, "@Bob one")
    await says(alice, room, "two")
    await expect_badge(page, room, "@1")
    line.hold("unread")
    await do(bob, mark_read, bob.pk, room.pk, 1)
    (frame,) = await line.until_held(1)
    read = json.loads(frame)
    await line.deliver(await ask_again(line), {**read, "unread": 3, "read": 0, "head": read["head"] + 1})
    line.let_go()
    await line.until_sent("resume", 3)
    await expect_mentions(page, "")
    await expect_badge(page, room, "1")
