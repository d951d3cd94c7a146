"""What waits to be sent survives several tabs and answers that were lost."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.pages import message, pending, write
from tests.browser.sockets import Line
from tests.browser.test_network import stored, write_without_line
from tests.browser.watch import Watch
from tests.sockets import aside

LIVE = "html[data-live]"


async def second_tab(page: Page, line: Line) -> Page:
    tab = await page.context.new_page()
    await line.lay(tab)
    await tab.goto(page.url)
    await expect(tab.locator(LIVE)).to_be_attached()
    return tab


async def without_line(page: Page, line: Line) -> None:
    await page.route("**/messages/", lambda route: route.abort())
    line.lose("post")


async def test_two_tabs_of_a_room_keep_what_both_of_them_have_to_send(
    in_room: Any, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect("ERR_FAILED", "net::ERR")
    one, other = Line(), Line()
    first = await in_room(alice, room, before=one.lay)
    second = await second_tab(first, other)
    for tab, line, text in ((first, one, "From the first"), (second, other, "From the second")):
        await without_line(tab, line)
        await write_without_line(tab, text)
        await expect(pending(tab)).to_have_count(1)
    context = first.context
    await first.close()
    await second.close()
    again = await context.new_page()
    await again.goto(alice.organisation.url(f"/rooms/r{room.pk}/"))
    for text in ("From the first", "From the second"):
        await expect(message(again, text)).to_be_visible()
    await expect(pending(again)).to_have_count(0)
    assert sorted(await aside(stored, alice, room)) == ["From the first", "From the second"]


async def test_a_tab_sends_what_another_one_left_behind(
    in_room: Any, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect("ERR_FAILED", "net::ERR")
    one, other = Line(), Line()
    first = await in_room(alice, room, before=one.lay)
    second = await second_tab(first, other)
    await without_line(first, one)
    await write_without_line(first, "Left behind")
    await expect(pending(first)).to_have_count(1)
    await first.close()
    await other.cut()
    await expect(message(second, "Left behind")).to_be_visible()
    await expect(pending(second)).to_have_count(0)
    assert await aside(stored, alice, room) == ["Left behind"]


async def test_retrying_what_was_stored_makes_no_second_message(in_room: Any, alice: Any, room: Room) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.hold("messages", "posted")
    await write_without_line(hers, "Exactly once")
    (sent,) = await line.until_sent("post")
    await line.until_held(2)
    refusal = {"type": "error", "code": "forbidden", "detail": "No more.", "client_id": sent["client_id"]}
    await line.deliver(refusal)
    line.let_go()
    await pending(hers).get_by_role("button", name="Retry").click()
    await line.until_sent("post", 2)
    await line.cut()
    await expect(message(hers, "Exactly once")).to_have_count(1)
    await expect(pending(hers)).to_have_count(0)
    assert await aside(stored, alice, room) == ["Exactly once"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("archived", "The room was archived meanwhile."),
        ("announcements", "Only those who look after this room write here."),
        ("undeliverable", "This message can’t be delivered."),
        ("naming", "In a room of many people only administrators use @room and @here."),
        ("not_found", "The room, or the message you reply to, is not there any more."),
    ],
)
async def test_what_is_refused_says_so_in_the_words_of_the_page(
    in_room: Any, alice: Any, room: Room, code: str, words: str
) -> None:
    """The page is in its reader's language; what answers a socket knows of none."""
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.lose("post")
    await write(hers, "Hello")
    (sent,) = await line.until_sent("post")
    await line.deliver(
        {"type": "error", "code": code, "detail": "Das geht nicht.", "client_id": sent["client_id"]}
    )
    await expect(pending(hers).locator(".pending-reason")).to_have_text(words)


async def test_a_reply_that_is_refused_when_its_thread_is_closed_is_not_lost_from_sight(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "Thoughts?")
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.lose("post")
    await message(hers, "Thoughts?").focus()
    await hers.keyboard.press("t")
    await hers.locator("#thread-text").fill("Mine")
    await hers.locator("#thread-text").press("Enter")
    (sent,) = await line.until_sent("post")
    await hers.keyboard.press("Escape")
    await expect(hers.locator("#thread")).to_have_count(0)
    refusal = {"type": "error", "code": "forbidden", "detail": "No more.", "client_id": sent["client_id"]}
    await line.deliver(refusal)
    await expect(hers.locator(".toast")).to_be_visible()
