"""Reacting: with the pointer, with the keyboard, live on the other's page."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from chat.models import Room
from chat.reactions import add_reaction
from tenants.db import in_tenant
from tests.browser.pages import message
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch


def chip(page: Page, text: str, emoji: str) -> Locator:
    return message(page, text).locator(f'.reaction[data-emoji="{emoji}"]')


async def test_two_people_react_to_one_message(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "Lunch?")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await message(his, "Lunch?").hover()
    await his.get_by_role("toolbar", name="Message").get_by_role("button", name="React with 👍").click()
    await expect(chip(his, "Lunch?", "👍")).to_have_attribute("aria-pressed", "true")
    await expect(chip(hers, "Lunch?", "👍")).to_have_attribute("aria-pressed", "false")
    await chip(hers, "Lunch?", "👍").hover()
    await expect(chip(hers, "Lunch?", "👍")).to_have_accessible_name("👍: Bob")
    await chip(hers, "Lunch?", "👍").click()
    for page in (hers, his):
        await expect(chip(page, "Lunch?", "👍")).to_have_text("👍 2")
    await expect(chip(hers, "Lunch?", "👍")).to_have_accessible_name("👍: You and Bob")
    await check(hers)
    await chip(hers, "Lunch?", "👍").click()
    await expect(chip(his, "Lunch?", "👍")).to_have_text("👍 1")


async def test_the_picker_by_keyboard_alone(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "Lunch?")
    page = await in_room(alice, room)
    await message(page, "Lunch?").focus()
    await page.keyboard.press("+")
    query = page.get_by_label("Find an emoji")
    await expect(query).to_be_focused()
    await expect(page.locator(".emoji-grid button").first).to_be_visible()
    await check(page)
    await page.keyboard.type("pizz")
    await expect(page.locator(".emoji-grid button")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(chip(page, "Lunch?", "🍕")).to_have_text("🍕 1")
    await expect(message(page, "Lunch?")).to_be_focused()

    await page.keyboard.press("r")
    await expect(page.get_by_role("heading", name="Used lately")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator('.emoji-grid button[data-char="🍕"]').first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(query).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(message(page, "Lunch?")).to_be_focused()


async def test_a_skin_tone_is_kept(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "Lunch?")
    page = await in_room(alice, room)
    await message(page, "Lunch?").focus()
    await page.keyboard.press("+")
    await page.get_by_role("radio", name="Medium skin").click()
    await page.get_by_label("Find an emoji").fill("+1")
    await expect(page.locator('.emoji-grid button[data-char="👍🏽"]')).to_be_visible()
    await page.get_by_label("Find an emoji").press("Enter")
    await expect(chip(page, "Lunch?", "👍🏽")).to_be_visible()
    await page.locator("#composer-emoji").click()
    await expect(page.get_by_role("radio", name="Medium skin")).to_be_checked()
    await page.get_by_label("Find an emoji").fill("wave")
    await page.locator('.emoji-grid button[data-char="👋🏽"]').click()
    await expect(page.locator("#composer-text")).to_have_value("👋🏽")


async def test_the_focus_stays_on_a_reaction_that_changes(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    said = await says(alice, room, "Lunch?")
    await in_tenant(bob.organisation, add_reaction, bob, room.pk, said.message_id, "👍")
    page = await in_room(alice, room)
    await chip(page, "Lunch?", "👍").focus()
    await page.keyboard.press("Enter")
    await expect(chip(page, "Lunch?", "👍")).to_have_text("👍 2")
    await expect(chip(page, "Lunch?", "👍")).to_be_focused()


async def test_what_is_refused_is_said(
    in_room: Any, says: Any, watch: Watch, alice: Any, charlie: Any, public_room: Room
) -> None:
    watch.expect("403")
    said = await says(alice, public_room, "Lunch?")
    await in_tenant(alice.organisation, add_reaction, alice, public_room.pk, said.message_id, "👍")
    page = await in_room(charlie, public_room)
    await message(page, "Lunch?").hover()
    await expect(
        page.get_by_role("toolbar", name="Message").get_by_role("button", name="React")
    ).to_have_count(0)
    await chip(page, "Lunch?", "👍").click()
    await expect(page.locator("#toasts")).to_contain_text("Join the room first.")
