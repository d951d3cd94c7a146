"""Arranging the sidebar: by menu and keyboard, by dragging, on all devices."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from chat import rooms, sections
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import next_frame
from tests.browser.test_accessibility import check
from tests.sockets import aside

LOADED = "(part) => performance.getEntriesByType('resource').some(({ name }) => name.includes(part))"


def lines(page: Page, section: str) -> Locator:
    shown = page.get_by_role("list", name=section, exact=True, include_hidden=True)
    return shown.locator("[data-room] > .truncate")


def summary(page: Page, section: str) -> Locator:
    return page.locator("#sidebar summary", has_text=section)


async def test_a_section_made_by_keyboard_shows_on_the_other_device(
    in_room: Any, bob: Any, room: Room
) -> None:
    desk, phone = await in_room(bob, room), await in_room(bob, room)
    await desk.get_by_role("button", name="For you alone").press("Enter")
    menu = desk.get_by_role("menu", name="For you alone")
    await expect(menu.get_by_role("menuitemcheckbox", name="Favourite")).to_be_focused()
    await check(desk)
    await menu.get_by_role("menuitem", name="New section").press("Enter")
    field = desk.get_by_role("dialog", name="New section").get_by_label("New section")
    await expect(field).to_be_focused()
    await check(desk)
    await field.fill("Work")
    await field.press("Enter")
    await expect(lines(phone, "Work")).to_have_text(["Design"])
    await summary(phone, "Work").click()
    await expect(lines(desk, "Work").first).to_be_hidden()
    await desk.reload()
    await expect(lines(desk, "Work").first).to_be_hidden()
    await summary(desk, "Work").click(button="right")
    await desk.get_by_role("menuitem", name="Rename").click()
    await desk.get_by_role("dialog").get_by_role("textbox").fill("Play")
    await desk.keyboard.press("Enter")
    await expect(summary(phone, "Play")).to_be_visible()
    await summary(phone, "Play").click(button="right")
    await phone.get_by_role("menuitem", name="Delete the section").click()
    await expect(lines(desk, "Rooms")).to_have_text(["Design", "general"])


async def test_dragging(in_room: Any, bob: Any, room: Room) -> None:
    def arrange() -> None:
        with in_organisation(bob.organisation):
            one = sections.create_section(bob, "Work", rooms.create_room(bob, "Ash").pk)
            sections.place_room(bob, rooms.create_room(bob, "Birch").pk, one.pk)
            sections.create_section(bob, "Play")

    await aside(arrange)
    page = await in_room(bob, room)
    await expect(lines(page, "Work")).to_have_text(["Ash", "Birch"])
    await summary(page, "Work").hover()
    await page.wait_for_function(LOADED, arg="/dragging")  # it comes with the pointer
    await next_frame(page)
    await page.locator(f"#sidebar-r{room.pk}").drag_to(
        lines(page, "Work").nth(1), target_position={"x": 5, "y": 2}
    )
    await expect(lines(page, "Work")).to_have_text(["Ash", "Design", "Birch"])
    await lines(page, "Work").nth(2).drag_to(summary(page, "Play"))
    await expect(lines(page, "Play")).to_have_text(["Birch"])
    await summary(page, "Play").drag_to(summary(page, "Work"), target_position={"x": 20, "y": 2})
    await expect(page.locator(".sidebar-section > summary")).to_have_text(
        ["Play", "Work", "Rooms", "Direct messages"]
    )
    await lines(page, "Work").nth(1).click(button="right")
    await page.get_by_role("menuitem", name="Move up").click()
    await expect(lines(page, "Work")).to_have_text(["Design", "Ash"])
    await page.locator(f"#sidebar-r{room.pk}").focus()
    await page.keyboard.press("Shift+F10")
    await page.get_by_role("menuitemradio", name="Play").press("Enter")
    await expect(lines(page, "Play")).to_have_text(["Birch", "Design"])
