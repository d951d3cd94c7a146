"""Reminders: set from a message or from nothing, moved, cancelled, and told wherever one is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.async_api import expect

from chat import due
from chat.models import Reminder, Room
from chat.reminders import cancel_reminder, set_reminder
from tenants.db import in_organisation
from tests.browser.pages import message
from tests.browser.sockets import Line
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch
from tests.sockets import aside


def come_true(person: Any) -> None:
    """The only reminder is due now."""
    with in_organisation(person.organisation):
        Reminder.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        due.deliver_reminder(Reminder.objects.get().pk)


async def test_a_reminder_of_a_message_by_keyboard(
    in_room: Any, page_of: Any, says: Any, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect("422")
    await says(alice, room, "The plan")
    page, elsewhere = await in_room(alice, room), await page_of(alice, "/reminders/")
    await expect(elsewhere.get_by_text("No reminders")).to_be_visible()
    await message(page, "The plan").focus()
    await page.keyboard.press("m")
    field = page.get_by_role("textbox", name="When")
    await expect(field).to_be_focused()
    await check(page)
    await field.fill("soonish")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="I don't understand")).to_be_visible()
    await expect(field).to_be_focused()
    await field.fill("tomorrow 9:00")
    await page.keyboard.press("Enter")
    await expect(page.locator("#later-dialog")).to_be_hidden()
    await expect(message(page, "The plan")).to_be_focused()
    await expect(page.locator(".toast")).to_contain_text("You will be reminded")
    await expect(elsewhere.locator("#reminders .message")).to_contain_text("The plan")
    await aside(come_true, alice)
    for one in (page, elsewhere):
        await expect(one.locator(".toast").filter(has_text="The plan")).to_be_visible()
        await expect(one.locator("#sidebar-notifications [data-badge]")).to_have_text("1")
    await expect(elsewhere.get_by_text("No reminders")).to_be_visible()


async def test_a_choice_is_one_press_and_can_be_undone(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, "The plan")
    page = await in_room(alice, room)
    await message(page, "The plan").hover()
    await page.get_by_role("toolbar", name="Message").get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Remind me").click()
    await page.get_by_role("button", name="In an hour").click()
    await expect(page.locator(".toast")).to_contain_text("You will be reminded")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_have_count(0)
    await page.goto(alice.organisation.url("/reminders/"))
    await expect(page.get_by_text("No reminders")).to_be_visible()


async def test_what_changes_before_the_socket_listens_is_in_the_list(page_of: Any, alice: Any) -> None:
    """The page was drawn with the reminder; that it was cancelled came before the socket's first state."""

    def change(act: Callable[[], Any]) -> Any:
        with in_organisation(alice.organisation):
            return act()

    soon = timezone.now() + timedelta(hours=1)
    made = await aside(change, lambda: set_reminder(alice, soon, text="Water the plants"))
    line = Line("/ws/me/")
    line.hold("state", "reminders")
    page = await page_of(alice, "/reminders/", before=line.lay)
    (state,) = await line.until_held(1)
    await expect(page.locator("#reminders")).to_contain_text("Water the plants")
    await aside(change, lambda: cancel_reminder(alice, made.pk))
    await line.until_held(2)
    await line.deliver(state)
    await expect(page.get_by_text("No reminders")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 360])
async def test_the_list_changes_and_cancels(page_of: Any, alice: Any, width: int) -> None:
    page = await page_of(alice, "/reminders/", viewport={"width": width, "height": 800})
    await page.get_by_role("link", name="New reminder").click()
    await expect(page.get_by_label("Of what")).to_be_focused()
    await page.get_by_label("Of what").fill("Water the plants")
    await page.get_by_role("textbox", name="When").fill("in 2 hours")
    await page.keyboard.press("Enter")
    entry = page.locator("#reminders .result")
    await expect(entry).to_contain_text("Water the plants")
    await check(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await entry.get_by_role("link", name="Change").click()
    await expect(page.get_by_label("Of what")).to_have_value("Water the plants")
    await page.get_by_label("Of what").fill("Water the cactus")
    await page.get_by_role("textbox", name="When").fill("2028-03-01 10:00")
    await page.keyboard.press("Enter")
    await expect(entry).to_contain_text("Wed 1 Mar, 10:00")
    await expect(entry.get_by_role("link", name="Change")).to_be_focused()
    await entry.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("No reminders")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await expect(entry).to_contain_text("Water the cactus")
