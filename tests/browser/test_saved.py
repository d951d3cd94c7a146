"""Saved for later: from the menu and by key, on all devices, with a way back."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.pages import message
from tests.browser.test_accessibility import check


async def expect_saved(page: Page, text: str) -> None:
    badge = page.locator("#sidebar-saved [data-badge]")
    if text:
        await expect(badge).to_have_text(text)
    else:
        await expect(badge).to_be_hidden()


async def test_saving_by_key_shows_on_ones_other_devices_alone(
    in_room: Any, page_of: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "The plan")
    laptop, phone, hers = await in_room(bob, room), await in_room(bob, room), await in_room(alice, room)
    listing = await page_of(bob, "/saved/")
    await expect(listing.get_by_text("Nothing saved")).to_be_visible()
    await message(laptop, "The plan").focus()
    await laptop.keyboard.press("s")
    for page in (laptop, phone):
        await expect(message(page, "The plan").locator(".saved-mark")).to_be_visible()
        await expect_saved(page, "1")
    await expect(listing.locator("#saved .message")).to_contain_text("The plan")
    await expect(message(hers, "The plan").locator(".saved-mark")).to_have_count(0)
    await expect_saved(hers, "")
    later = await in_room(bob, room)
    await expect(message(later, "The plan").locator(".saved-mark")).to_be_visible()
    await message(laptop, "The plan").focus()
    await laptop.keyboard.press("s")
    await expect(message(phone, "The plan").locator(".saved-mark")).to_have_count(0)
    await expect_saved(phone, "")


async def test_the_menu_saves_and_says_what_it_will_do(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, "The plan")
    page = await in_room(alice, room)
    for label, marks in (("Save for later", 1), ("Remove from saved", 0)):
        await message(page, "The plan").hover()
        await page.get_by_role("toolbar", name="Message").get_by_role("button", name="More").click()
        await page.get_by_role("menuitem", name=label).click()
        await expect(message(page, "The plan").locator(".saved-mark")).to_have_count(marks)


@pytest.mark.parametrize("width", [1440, 360])
async def test_what_is_done_can_be_undone(
    in_room: Any, page_of: Any, says: Any, alice: Any, room: Room, width: int
) -> None:
    for text in ("The plan", "Another"):
        await says(alice, room, text)
    page = await in_room(alice, room)
    for text in ("The plan", "Another"):
        await message(page, text).focus()
        await page.keyboard.press("s")
        await expect(message(page, text).locator(".saved-mark")).to_be_visible()
    listing = await page_of(alice, "/saved/", viewport={"width": width, "height": 800})
    await expect(listing.locator("#saved .message .prose")).to_have_text(["Another", "The plan"])
    await check(listing)
    assert await listing.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await listing.get_by_role("button", name="Done", exact=True).first.click()
    await expect(listing.locator("#saved .message .prose")).to_have_text(["The plan"])
    await expect(listing.locator("#saved")).to_be_focused()
    await expect(listing.locator(".toast")).to_contain_text("Done.")
    await check(listing)
    await listing.get_by_role("button", name="Undo").click()
    await expect(listing.locator("#saved .message .prose")).to_have_text(["Another", "The plan"])
    await listing.get_by_role("button", name="Done", exact=True).first.click()
    await expect(listing.locator("#saved .message .prose")).to_have_text(["The plan"])
    await listing.get_by_role("link", name="Done").click()
    await expect(listing.locator("#saved .message .prose")).to_have_text(["Another"])
    await check(listing)
    await listing.get_by_role("button", name="Open again").click()
    await expect(listing.get_by_text("Nothing done yet")).to_be_visible()
