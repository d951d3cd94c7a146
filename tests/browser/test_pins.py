"""Pins: by pointer and by keyboard, live on everybody's page."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import act, message, open_menu
from tests.browser.test_accessibility import check


async def test_a_pin_shows_on_everybodys_page(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "The plan")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await expect(hers.locator("#pins-link")).to_be_hidden()
    await act(his, "The plan", "Pin")
    await expect(message(hers, "The plan").locator(".pinned-mark")).to_have_text("Pinned by Bob")
    await expect(hers.locator("#pins-link")).to_be_visible()
    await expect(hers.locator("[data-pins-count]")).to_have_text("1")
    await hers.locator("#pins-link").click()
    await expect(hers.locator("#panel-title")).to_be_focused()
    pinned = hers.locator("#pins .message")
    await expect(pinned).to_contain_text("The plan")
    await check(hers)
    await says(bob, room, "Another")
    await act(his, "Another", "Pin")
    await expect(pinned).to_have_count(2)
    await hers.locator("#pins").get_by_role("button", name="Unpin").first.click()
    await expect(pinned).to_have_count(1)
    await expect(message(his, "The plan").locator(".pinned-mark")).to_have_count(0)
    await expect(his.locator("[data-pins-count]")).to_have_text("1")


async def test_pinning_by_keyboard(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "The plan")
    page = await in_room(alice, room)
    await message(page, "The plan").focus()
    await page.keyboard.press("p")
    await expect(message(page, "The plan").locator(".pinned-mark")).to_be_visible()
    await expect(message(page, "The plan")).to_be_focused()
    await page.keyboard.press("p")
    await expect(message(page, "The plan").locator(".pinned-mark")).to_have_count(0)


async def test_a_guest_reads_pins_and_makes_none(
    in_room: Any, says: Any, alice: Any, dana: Any, room: Room
) -> None:
    await says(alice, room, "The plan")
    page, hers = await in_room(dana, room), await in_room(alice, room)
    menu = await open_menu(page, message(page, "The plan"))
    await expect(menu.get_by_role("menuitem", name="Copy link")).to_be_visible()
    await expect(menu.get_by_role("menuitem", name="Pin")).to_have_count(0)
    await check(page)
    await act(hers, "The plan", "Pin")
    await expect(message(page, "The plan").locator(".pinned-mark")).to_be_visible()
