"""Who somebody is and what they are at, live on other people's pages."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.async_api import expect

from accounts import statuses
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import message
from tests.sockets import aside


def say_status(person: Any, emoji: str, text: str) -> None:
    with in_organisation(person.organisation):
        statuses.set_status(person, emoji=emoji, text=text, until=timezone.now() + timedelta(hours=1))


async def test_a_status_appears_beside_the_name(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "Good morning")
    page = await in_room(alice, room)
    status = message(page, "Good morning").locator(".status")
    await expect(status).to_be_hidden()
    await aside(say_status, bob, "🚆", "On the train")
    await expect(status).to_have_text("🚆")
    await expect(status).to_have_attribute("aria-label", "On the train")
    await aside(statuses_cleared, bob)
    await expect(status).to_be_hidden()


def statuses_cleared(person: Any) -> None:
    with in_organisation(person.organisation):
        statuses.clear_status(person)


async def test_a_name_opens_the_profile_and_the_keyboard_does_too(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "Good morning")
    await aside(say_status, bob, "🚆", "On the train")
    page = await in_room(alice, room)
    await message(page, "Good morning").locator(".message-author").click()
    panel = page.locator("#panel")
    await expect(panel.get_by_role("heading", name="Bob")).to_be_visible()
    await expect(panel).to_contain_text("On the train")
    await expect(panel.locator("time[data-zone]")).not_to_have_text("–")
    await page.keyboard.press("Escape")
    await expect(panel.locator("section")).to_have_count(0)
    await page.locator("#members-link").press("Enter")
    await panel.get_by_role("link", name="Bob").press("Enter")
    await expect(panel.get_by_role("heading", name="Bob")).to_be_visible()
    await expect(page.locator("#panel-title")).to_be_focused()
