"""Answers that come late or in another order than they were asked for: the last thing that was asked for is shown."""

from typing import Any

from playwright.async_api import Page, expect

from chat.models import Room
from chat.room_settings import settle_room
from tenants.db import in_organisation
from tests.browser.held import Held
from tests.browser.pages import message, pending
from tests.browser.watch import Watch
from tests.sockets import aside


async def test_of_several_panels_the_last_one_that_was_asked_for_is_shown(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    first, second = await says(bob, room, "One"), await says(bob, room, "Two")
    await says(bob, room, "Three")
    page = await in_room(alice, room)
    held = Held()
    for said in (first, second):
        await held.lay(page, f"**/messages/m{said.message_id}/thread/")
    for text in ("One", "Two", "Three"):
        await message(page, text).focus()
        async with page.expect_request("**/thread/"):
            await page.keyboard.press("t")
    await expect(page.locator("#thread-root")).to_contain_text("Three")
    held.let_go()
    await expect(page.locator("#thread-text")).to_be_focused()
    await page.keyboard.type("To the third")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-list .message")).to_contain_text("To the third")
    await expect(page.locator("#thread-root")).to_contain_text("Three")
    await expect(page.locator(".toast")).to_have_count(0)


async def test_of_several_panels_the_last_one_is_shown_although_its_modules_came_late(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    for text in ("One", "Two", "Three"):
        await says(bob, room, text)
    page = await in_room(alice, room)
    asked: list[str] = []
    page.on("request", lambda request: request.url.endswith("/thread/") and asked.append(request.url))
    held = await _modules_of_the_thread(page)
    for text in ("One", "Two", "Three"):
        await message(page, text).focus()
        await page.keyboard.press("t")
    held.let_go()
    await expect(page.locator("#thread-root")).to_contain_text("Three")
    await expect(page.locator("#thread-text")).to_be_focused()
    assert len(asked) == 1


async def test_a_panel_asked_for_after_a_thread_stays_when_the_threads_modules_come(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "One")
    page = await in_room(alice, room)
    held = await _modules_of_the_thread(page)
    await message(page, "One").focus()
    await page.keyboard.press("t")
    await held.asked.wait()
    await page.locator("#members-link").click()
    await expect(page.locator("#panel")).to_contain_text("Bob")
    async with page.expect_response("**/thread_reading*.js"):
        held.let_go()
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#panel")).to_contain_text("Bob")
    await expect(page.locator("#thread")).to_have_count(0)


async def test_a_thread_whose_modules_do_not_come_says_so(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, watch: Watch
) -> None:
    await says(bob, room, "One")
    page = await in_room(alice, room)
    watch.expect("thread_reading")
    await page.route("**/thread_reading*.js", lambda route: route.abort())
    await message(page, "One").focus()
    await page.keyboard.press("t")
    await expect(page.locator(".toast")).to_be_visible()
    await expect(page.locator("#thread")).to_have_count(0)


async def test_a_thread_that_is_drawn_anew_leaves_the_focus_where_somebody_writes(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "One")
    page = await in_room(bob, room)
    await message(page, "One").focus()
    await page.keyboard.press("t")
    await expect(page.locator("#thread-text")).to_be_focused()
    held = Held()
    await held.lay(page, "**/thread/")
    await aside(_let_nobody_reply, alice, room)
    await held.asked.wait()
    await page.locator("#composer-text").fill("Half a thou")
    await page.locator("#thread").evaluate("thread => (thread.dataset.old = 1)")
    held.let_go()
    await expect(page.locator("#thread:not([data-old])")).to_be_visible()
    await page.keyboard.type("ght")
    await expect(page.locator("#composer-text")).to_have_value("Half a thought")


async def test_a_thread_that_could_not_be_drawn_anew_moves_the_focus_at_no_time(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, watch: Watch
) -> None:
    watch.expect("500")
    await says(alice, room, "One")
    page = await in_room(bob, room)
    await message(page, "One").focus()
    await page.keyboard.press("t")
    await expect(page.locator("#thread-text")).to_be_focused()
    await page.route("**/thread/", lambda route: route.fulfill(status=500), times=1)
    await page.locator("#composer-text").focus()
    async with page.expect_response("**/thread/"):
        await aside(_let_nobody_reply, alice, room)
    await expect(page.locator(".toast")).to_be_visible()
    await page.locator("#room-search-query").focus()
    await says(alice, room, "Two")
    await expect(message(page, "Two")).to_be_visible()
    await expect(page.locator("#room-search-query")).to_be_focused()


def _let_nobody_reply(alice: Any, room: Room) -> None:
    with in_organisation(alice.organisation):
        settle_room(alice, room.pk, open_replies=False)


async def _modules_of_the_thread(page: Page) -> Held:
    """Hold back one of the modules that are loaded with the first thread."""
    held = Held()
    await held.lay(page, "**/thread_reading*.js")
    return held


async def test_escape_gives_up_a_panel_that_is_on_its_way(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "One")
    page = await in_room(alice, room)
    line = page.locator("#timeline > .divider.new")
    held = Held()
    await held.lay(page, "**/thread/")
    await message(page, "One").focus()
    await page.keyboard.press("t")
    await held.asked.wait()
    await page.keyboard.press("Escape")
    await expect(line).to_have_count(1)  # the key was for the panel: nothing is marked read
    async with page.expect_response("**/thread/"):
        held.let_go()
    await page.locator("#members-link").click()
    await expect(page.locator("#panel")).to_contain_text("Bob")
    await expect(page.locator("#thread")).to_have_count(0)


async def test_a_message_goes_out_although_the_newest_are_slow_to_come(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    posted = [await says(bob, room, f"Number {number}") for number in range(80)]
    hers, his = await in_room(alice, room, f"?message=m{posted[0].message_id}"), await in_room(bob, room)
    held = Held()
    await held.lay(hers, "**/messages/")
    await hers.locator("#composer-text").fill("From above")
    await hers.locator("#composer-text").press("Enter")
    await expect(message(his, "From above")).to_be_visible()
    await held.asked.wait()
    held.let_go()
    await expect(message(hers, "From above")).to_be_in_viewport()
    await expect(message(hers, "Number 79")).to_be_visible()
    await expect(pending(hers)).to_have_count(0)


async def test_asking_twice_to_edit_opens_one_field(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "First words")
    page = await in_room(alice, room)
    held = Held()
    await held.lay(page, "**/source/", times=2)
    await page.locator("#composer-text").press("ArrowUp")
    await held.asked.wait()
    await page.locator("#composer-text").press("ArrowUp")
    held.let_go()
    field = page.get_by_label("Edit the message")
    await expect(field).to_be_focused()
    await expect(field).to_have_count(1)
    await field.fill("Other words")
    await field.press("Enter")
    await expect(message(page, "Other words")).to_be_visible()
    await expect(field).to_have_count(0)


async def test_the_newest_that_can_not_be_had_are_not_passed_over(
    in_room: Any, says: Any, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect("503")
    posted = [await says(bob, room, f"Number {number}") for number in range(80)]
    page = await in_room(alice, room, f"?message=m{posted[0].message_id}")
    await page.route("**/messages/", lambda route: route.fulfill(status=503), times=1)
    await page.locator("#jump").click()
    await expect(page.locator(".toast")).to_be_visible()
