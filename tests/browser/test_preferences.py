"""A room's own menu: favourite, mute and levels, by pointer and keyboard, on all of a person's devices."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.test_accessibility import check


async def test_mute_and_favourite_on_all_devices(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    desk, phone = await in_room(bob, public_room), await in_room(bob, public_room)
    line = phone.locator(f"#sidebar-r{room.pk}")
    await desk.locator(f"#sidebar-r{room.pk}").click(button="right")
    menu = desk.get_by_role("menu", name="For you alone")
    await expect(menu.get_by_role("menuitemcheckbox", name="Favourite")).to_be_focused()
    await check(desk)
    await menu.get_by_role("menuitemcheckbox", name="Mute").click()
    await expect(line).to_have_class("sidebar-item muted")
    await says(alice, room, "Hello")
    await says(alice, room, "@Bob, hello")
    await expect(line.locator("[data-badge]")).to_have_text("@1")
    await expect(line).not_to_have_class("unread")
    assert not (await phone.title()).startswith(("•", "("))
    await line.click(button="right")
    await phone.get_by_role("menuitemcheckbox", name="Favourite").click()
    await expect(desk.locator("#section-favourites").locator(f"#sidebar-r{room.pk}")).to_be_visible()
    await expect(desk.locator("#section-rooms").locator(f"#sidebar-r{room.pk}")).to_have_count(0)


async def test_by_keyboard_alone(in_room: Any, bob: Any, room: Room) -> None:
    page = await in_room(bob, room)
    button = page.get_by_role("button", name="For you alone")
    await button.focus()
    await page.keyboard.press("Enter")
    menu = page.get_by_role("menu", name="For you alone")
    await expect(menu.get_by_role("menuitemcheckbox", name="Favourite")).to_be_focused()
    for _ in range(2):
        await page.keyboard.press("ArrowDown")
    await expect(menu.get_by_role("menuitemradio", name="Every message")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(menu).to_be_hidden()
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(menu.get_by_role("menuitemradio", name="Every message")).to_have_attribute(
        "aria-checked", "true"
    )
    await page.keyboard.press("Escape")
    await expect(button).to_be_focused()
    await page.locator(f"#sidebar-r{room.pk}").focus()
    await page.keyboard.press("Shift+F10")
    await expect(menu).to_be_visible()


async def test_a_visitor_has_no_menu(in_room: Any, charlie: Any, public_room: Room) -> None:
    page = await in_room(charlie, public_room)
    await expect(page.locator("#room-menu-button")).to_have_count(0)
