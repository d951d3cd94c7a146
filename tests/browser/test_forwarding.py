"""Forwarding: choosing a room by keyboard, and what people of that room see."""

import uuid
from typing import Any

from playwright.async_api import expect

from chat.forwarding import forward_message
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import act, message
from tests.browser.test_accessibility import check
from tests.sockets import aside


async def test_forwarding_by_keyboard(
    in_room: Any, says: Any, alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room
) -> None:
    await says(alice, room, "The plan is to row")
    page, theirs = await in_room(bob, room), await in_room(charlie, public_room)
    await message(page, "The plan is to row").focus()
    await page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Forward this message")
    await expect(dialog.locator("[data-narrow]")).to_be_focused()
    await expect(dialog).to_contain_text("The plan is to row")
    await check(page)
    await page.keyboard.type("lou")
    await expect(dialog.locator(".destination-room:visible")).to_have_text(["Lounge"])
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("radio", name="Lounge")).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.type("For those who were away")
    await dialog.get_by_role("button", name="Forward").press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(message(page, "The plan is to row")).to_be_focused()
    shown = message(theirs, "For those who were away")
    await expect(shown.locator(".forward")).to_contain_text("The plan is to row")
    await expect(shown.locator(".forward-head")).to_contain_text("Alice")
    await expect(shown.locator(".quote-place")).to_have_count(0)  # Charlie may not know of that room
    await check(theirs)
    await page.get_by_role("link", name="Forwarded.").click()
    await expect(message(page, "For those who were away").locator(".quote-place")).to_have_text("Design")


async def test_a_room_has_to_be_chosen(
    in_room: Any, says: Any, alice: Any, room: Room, public_room: Room
) -> None:
    await says(alice, room, "The plan")
    page = await in_room(alice, room)
    await act(page, "The plan", "Forward…")
    dialog = page.get_by_role("dialog", name="Forward this message")
    await dialog.locator("[data-narrow]").fill("nowhere")
    await expect(dialog.get_by_text("No room of yours is called that.")).to_be_visible()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    await expect(message(page, "The plan")).to_be_focused()


async def test_a_spoiler_stays_covered(in_room: Any, says: Any, alice: Any, bob: Any, room: Room) -> None:
    said = await says(alice, room, "It was ||the butler||")

    def forward() -> None:
        with in_organisation(bob.organisation):
            forward_message(bob, room.pk, said.message_id, room.pk, uuid.uuid4())

    await aside(forward)
    page = await in_room(alice, room)
    spoiler = page.locator(".forward .spoiler")
    await expect(spoiler.get_by_role("button")).to_have_attribute("aria-expanded", "false")
    await spoiler.get_by_role("button").click()
    await expect(spoiler.get_by_role("button")).to_have_attribute("aria-expanded", "true")
