"""Marking unread, which stays until one leaves, and marking everything read, which can be undone."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import act, enter, expect_badge, look_away, look_back, message, write


async def test_marked_unread_stays_so_on_all_devices_until_one_leaves(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    for text in ("First", "Second", "Third"):
        await says(bob, room, text)
    laptop, phone, other = [await in_room(alice, one) for one in (room, room, public_room)]
    await expect_badge(other, room, "")
    await act(laptop, "Second", "Mark unread from here")
    for device in (laptop, phone, other):
        await expect_badge(device, room, "2")
    for device in (laptop, phone):
        line = device.locator("#timeline > .divider.new")
        await expect(line).to_have_count(1)
        assert "Second" in await line.evaluate("(line) => line.nextElementSibling.innerText")
        await look_away(device)
        await look_back(device)
    await says(bob, room, "Fourth")
    await expect(message(phone, "Fourth")).to_be_visible()
    await expect_badge(other, room, "3")
    await enter(laptop, laptop.get_by_role("link", name="Lounge"))
    await enter(laptop, laptop.get_by_role("link", name="Design"))
    await expect_badge(other, room, "")


async def test_by_key_and_escape_reads_again(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    await says(bob, room, "First")
    hers, other = await in_room(alice, room), await in_room(alice, public_room)
    await expect_badge(other, room, "")
    await message(hers, "First").focus()
    await hers.keyboard.press("u")
    await expect_badge(other, room, "1")
    await hers.keyboard.press("Escape")
    await expect_badge(other, room, "")
    await message(hers, "First").focus()
    await hers.keyboard.press("u")
    await expect_badge(other, room, "1")
    await write(hers, "And I have read it")
    await expect_badge(other, room, "")


async def test_everything_read_and_undone(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page = await in_room(alice, public_room)
    await says(bob, room, "First")
    await says(bob, room, "Second")
    await expect_badge(page, room, "2")
    await page.locator("#organisation-button").click()
    await page.get_by_role("menuitem", name="Mark everything as read").click()
    await expect_badge(page, room, "")
    await expect(page.locator("#organisation-menu")).to_be_hidden()
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await expect_badge(page, room, "2")
    await page.keyboard.press("Shift+Escape")
    await expect_badge(page, room, "")
