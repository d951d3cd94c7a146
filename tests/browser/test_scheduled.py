"""Sending later: from the composer and from a thread, changed, sent at once, taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.async_api import expect

from chat import due
from chat.models import Room, ScheduledMessage
from tenants.db import in_organisation
from tests.browser.pages import act, message
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch
from tests.sockets import aside


def come_true(person: Any) -> None:
    """The only scheduled message is due now."""
    with in_organisation(person.organisation):
        ScheduledMessage.objects.update(send_at=timezone.now() - timedelta(seconds=1))
        due.post_scheduled(ScheduledMessage.objects.get().pk)


async def test_a_message_goes_out_when_its_time_has_come(
    in_room: Any, page_of: Any, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect("422")
    page, his, listing = (
        await in_room(alice, room),
        await in_room(bob, room),
        await page_of(alice, "/scheduled/"),
    )
    await expect(listing.get_by_text("Nothing is scheduled")).to_be_visible()
    await page.locator("#composer-text").fill("Good morning")
    await page.get_by_role("button", name="Send later").click()
    when = page.get_by_role("textbox", name="When")
    await expect(when).to_be_focused()
    await expect(page.get_by_role("textbox", name="Message", exact=True)).to_have_value("Good morning")
    await check(page)
    await when.fill("soonish")
    await when.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="I don't understand")).to_be_visible()
    await when.fill("tomorrow 9:00")
    await when.press("Enter")
    await expect(page.locator("#later-dialog")).to_be_hidden()
    await expect(page.locator("#composer-text")).to_have_value("")
    await expect(page.locator(".toast")).to_contain_text("It will be sent")
    await expect(listing.locator("#scheduled .result")).to_contain_text("Good morning")
    await expect(message(his, "Good morning")).to_have_count(0)
    await aside(come_true, alice)
    for one in (page, his):
        await expect(message(one, "Good morning")).to_be_visible()
    await expect(listing.get_by_text("Nothing is scheduled")).to_be_visible()


async def test_taking_it_back_gives_the_words_back(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    await page.locator("#composer-text").fill("Good morning")
    await page.get_by_role("button", name="Send later").click()
    await page.get_by_role("button", name="In an hour").click()
    await expect(page.locator("#composer-text")).to_have_value("")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#composer-text")).to_have_value("Good morning")


async def test_closing_the_dialog_leaves_the_message(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    await page.locator("#composer-text").fill("Good morning")
    await page.get_by_role("button", name="Send later").click()
    await expect(page.get_by_role("textbox", name="When")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#later-dialog")).to_be_hidden()
    await expect(page.locator("#composer-text")).to_have_value("Good morning")
    await expect(page.get_by_role("button", name="Send later")).to_be_focused()


async def test_a_reply_later(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "Lunch?")
    page = await in_room(alice, room)
    await act(page, "Lunch?", "Reply in thread")
    await page.get_by_label("Reply in this thread").fill("At noon")
    await page.get_by_role("button", name="Send the reply later").click()
    await page.get_by_role("button", name="In 3 hours").click()
    await expect(page.get_by_label("Reply in this thread")).to_have_value("")
    await aside(come_true, alice)
    await expect(page.locator("#thread-list .prose")).to_have_text(["At noon"])


@pytest.mark.parametrize("width", [1440, 360])
async def test_the_list_changes_sends_and_cancels(
    in_room: Any, page_of: Any, alice: Any, room: Room, width: int
) -> None:
    page = await in_room(alice, room, viewport={"width": width, "height": 800})
    for text in ("First", "Second"):
        await page.locator("#composer-text").fill(text)
        await page.get_by_role("button", name="Send later").click()
        await page.get_by_role("textbox", name="When").fill("in 2 hours" if text == "First" else "in 3 hours")
        await page.get_by_role("textbox", name="When").press("Enter")
        await expect(page.locator("#composer-text")).to_have_value("")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    listing = await page_of(alice, "/scheduled/", viewport={"width": width, "height": 800})
    entries = listing.locator("#scheduled .result")
    await expect(entries).to_have_count(2)
    await check(listing)
    assert await listing.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await entries.first.get_by_role("link", name="Change").click()
    await listing.get_by_role("textbox", name="Message", exact=True).fill("First of all")
    await listing.get_by_role("textbox", name="When").press("Enter")
    await expect(entries.first).to_contain_text("First of all")
    await entries.first.get_by_role("button", name="Send now").click()
    await expect(message(page, "First of all")).to_be_visible()
    await expect(entries).to_have_count(1)
    await entries.first.get_by_role("button", name="Cancel").click()
    await expect(listing.get_by_text("Nothing is scheduled")).to_be_visible()
    await expect(page.locator("#composer-text")).to_have_value("Second")
