"""Searching: operators with completion, tabs, and messages in the switcher."""

from typing import Any

from playwright.async_api import Route, expect

from chat.models import Room
from tests.browser.held import Moment
from tests.browser.test_accessibility import check
from tests.browser.test_keyboard import press_to_leave


async def test_operators_are_completed_and_results_walked_by_keyboard(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "The blue whale")
    await says(bob, room, "A blue boat")
    page = await in_room(alice, room)
    await page.keyboard.press("Shift+Tab")
    await page.locator("#members-link").focus()
    await page.keyboard.press("/")
    field = page.locator("#room-search-query")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("in:Design ")
    options = page.locator(".room-search [role=option]")
    await expect(options).to_have_count(7)
    await page.keyboard.type("fr")
    await expect(options).to_have_text(["from:who wrote it"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("in:Design from:")
    await page.keyboard.type("bo")
    await expect(options.filter(has_text="Bob")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("in:Design from:Bob ")
    await page.keyboard.type("blue")
    await expect(options).to_have_count(0)
    await page.keyboard.press("Enter")
    results = page.locator("#panel .result")
    await expect(results).to_have_count(1)
    await expect(results.locator("mark")).to_have_text("blue")
    await check(page)
    query = page.locator("#search-query")
    await query.fill("blue")
    await query.press("Enter")
    await expect(results).to_have_count(2)
    await expect(page.locator("#panel [aria-current=true]").first).to_have_text("Messages 2")
    await query.focus()
    await page.keyboard.press("ArrowDown")
    await expect(results.nth(0).locator("a").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(results.nth(1).locator("a").first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(query).to_be_focused()
    await page.locator("#panel").get_by_role("link", name="Rooms").click()
    await expect(page.locator("#panel .empty")).to_contain_text("names and topics")
    await query.fill("blue has:wings")
    await query.press("Enter")
    await expect(page.locator("#panel .notice")).to_contain_text("has:wings")
    await page.keyboard.press("Escape")


async def test_a_room_that_only_stands_there_to_begin_with_goes_again(
    in_room: Any, alice: Any, room: Room
) -> None:
    page = await in_room(alice, room)
    field = page.locator("#room-search-query")
    await field.focus()
    await expect(field).to_have_value("in:Design ")
    await page.locator("#composer-text").focus()
    await expect(field).to_have_value("")
    await field.focus()
    await page.keyboard.press("Escape")
    await expect(page.locator(".room-search [role=option]")).to_have_count(0)


async def test_the_switcher_finds_messages(in_room: Any, says: Any, alice: Any, bob: Any, room: Room) -> None:
    await says(bob, room, "The <b>kingfisher</b> is back")
    page = await in_room(alice, room)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("kingfisher")
    found = page.locator("#switcher-list .option").filter(has_text="is back")
    await expect(found).to_contain_text("Bob, Design")
    await expect(found.locator("mark")).to_have_text("kingfisher")
    await expect(page.locator("#switcher-list .option").first).to_have_text(
        "Search everything for “kingfisher”"
    )
    await check(page)
    await page.keyboard.press("ArrowDown")
    await press_to_leave(page, "Enter")
    await expect(page.locator("#timeline > .message.linked")).to_contain_text("is back")


async def test_messages_that_come_late_are_not_shown_under_other_words(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, "kingfisher one")
    await says(alice, room, "heron two")
    page = await in_room(alice, room)
    asked, typed = Moment(), Moment()

    async def hold(route: Route) -> None:
        asked.set()
        await typed.wait()
        await route.continue_()

    await page.route("**/switcher/messages/?q=kingfisher", hold)
    await page.keyboard.press("Control+k")
    field = page.locator("#switcher-query")
    await field.fill("kingfisher")
    await asked.wait()
    await field.fill("heron")
    options = page.locator("#switcher-list .option")
    await expect(options.filter(has_text="heron two")).to_be_visible()
    typed.set()
    await field.fill("heron ")
    await expect(options.filter(has_text="heron two")).to_be_visible()
    await expect(options.filter(has_text="one")).to_have_count(0)
