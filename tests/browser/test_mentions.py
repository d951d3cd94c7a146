"""The Mentions view: what it lists, by which keys it is walked, and that its count is right on every page."""

import uuid
from typing import Any

from playwright.async_api import Page, expect

from chat.changes import delete_message
from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post
from tenants.db import in_organisation
from tests.browser.pages import enter, look_away, message
from tests.browser.test_accessibility import check
from tests.sockets import aside


async def expect_mentions(page: Page, text: str) -> None:
    """The count beside Mentions in the sidebar; "" where there is none."""
    badge = page.locator("#sidebar-mentions [data-badge]")
    if text:
        await expect(badge).to_have_text(text)
        await expect(badge).to_be_visible()
    else:
        await expect(badge).to_be_hidden()


def reply(person: Any, room: Any, to: int, text: str) -> None:
    with in_organisation(person.organisation):
        post_messages([Post(person.pk, room.pk, uuid.uuid4(), text, thread_id=to)])


def delete(person: Any, room: Any, message_id: int) -> None:
    with in_organisation(person.organisation):
        delete_message(person, room.pk, message_id)


async def test_mentions_are_listed_counted_and_read(
    page_of: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    first = await says(alice, room, "@Bob the first")
    page, other = await page_of(bob, "/mentions/"), await page_of(bob, "/threads/")
    entries = page.locator("#mentions .result")
    await expect(entries).to_have_count(1)
    await expect(entries.first.locator(".mention.me")).to_have_text("@Bob")
    await check(page)
    await says(alice, room, "@room the second")
    await expect(entries).to_have_count(2)
    await expect(entries.first).to_contain_text("the second")
    await expect(entries.first.get_by_text("New", exact=True)).to_be_visible()
    await aside(reply, alice, room, first.message_id, "@Bob the third")
    await expect(entries.first).to_contain_text("the third")
    for one in (page, other):
        await expect_mentions(one, "3")
    await page.locator("[data-entry-link]").first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("[data-entry-link]").nth(1)).to_be_focused()
    await enter(page, page.locator("[data-entry-link]").nth(1))
    await expect(message(page, "the second")).to_be_visible()
    await expect_mentions(other, "1")  # the room was read, not its thread
    await enter(page, page.locator("#sidebar-mentions"))
    await expect(entries.get_by_text("New", exact=True)).to_have_count(1)
    await enter(page, page.locator("[data-entry-link]").first)
    await expect(page.locator("#thread")).to_contain_text("the third")
    await expect_mentions(other, "")
    await expect_mentions(page, "")


async def test_a_deleted_message_is_counted_no_more(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page = await in_room(bob, public_room)
    await look_away(page)
    said = await says(alice, room, "@Bob look")
    await says(alice, room, "and this")
    await expect_mentions(page, "1")
    await aside(delete, alice, room, said.message_id)
    await expect_mentions(page, "")
    await expect(page.locator(f'#sidebar [data-room="r{room.pk}"]')).to_have_attribute("data-mentions", "0")
    await expect(page.locator(f'#sidebar [data-room="r{room.pk}"]')).to_have_attribute("data-unread", "1")


async def test_nobody_has_mentioned_them(page_of: Any, alice: Any) -> None:
    page = await page_of(alice, "/mentions/")
    await expect(page.get_by_role("heading", name="Nobody has mentioned you yet")).to_be_visible()
    await expect(page.locator("#sidebar-mentions")).to_have_attribute("aria-current", "page")
    await check(page)
