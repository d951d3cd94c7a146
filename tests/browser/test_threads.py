"""Threads: replying beside the timeline, live for others, by mouse and by keyboard."""

import os
import uuid
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post, Posted
from tenants.db import in_organisation
from tests.browser.pages import act, act_on, message, texts
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch
from tests.sockets import aside


def replies(page: Page) -> Locator:
    return page.locator("#thread-list > .message")


async def answer(page: Page, text: str, *, also: bool = False) -> None:
    field = page.get_by_label("Reply in this thread")
    await expect(field).to_be_focused()
    if also:
        await page.get_by_label("Also send to").check()
    await field.fill(text)
    await field.press("Enter")
    await expect(field).to_have_value("")


def reply(person: Any, room: Room, root: Posted, text: str) -> Posted:
    with in_organisation(person.organisation):
        (said,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), text, thread_id=root.message_id)])
    assert isinstance(said, Posted)
    return said


async def expect_threads(page: Page, text: str) -> None:
    badge = page.locator("#sidebar [data-threads] [data-badge]")
    if text:
        await expect(badge).to_have_text(text)
    else:
        await expect(badge).to_be_hidden()


async def test_two_people_talk_in_a_thread(in_room: Any, says: Any, alice: Any, bob: Any, room: Room) -> None:
    await says(alice, room, "Lunch?")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await act(his, "Lunch?", "Reply in thread")
    await answer(his, "Yes")
    await expect(replies(his).locator(".prose")).to_have_text(["Yes"])
    await expect(his.locator("#thread-outbox > *")).to_have_count(0)
    await expect_threads(hers, "1")
    await expect(hers.locator("#timeline .thread-summary")).to_contain_text("1 reply")
    assert await texts(hers) == ["Lunch?"]
    await hers.locator("#timeline .thread-summary").click()
    await expect(replies(hers).locator(".prose")).to_have_text(["Yes"])
    await expect(replies(hers).locator(".message-author")).to_have_text(["Bob"])
    await expect_threads(hers, "")
    await answer(hers, "At noon", also=True)
    for page in (hers, his):
        await expect(replies(page).locator(".prose")).to_have_text(["Yes", "At noon"])
        await expect(page.locator("#timeline .thread-summary")).to_contain_text("2 replies")
        await expect(message(page, "At noon").locator(".thread-origin")).to_be_visible()
        assert await texts(page) == ["Lunch?", "At noon"]


async def test_a_thread_by_keyboard(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "Lunch?")
    page = await in_room(alice, room)
    await page.locator("#composer-text").focus()
    await page.keyboard.press("Shift+Tab")
    await message(page, "Lunch?").focus()
    await page.keyboard.press("t")
    await answer(page, "Nobody?")
    await expect(replies(page).locator(".prose")).to_have_text(["Nobody?"])
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_have_count(0)
    await expect(message(page, "Lunch?")).to_be_focused()


async def test_replies_are_edited_reacted_to_and_deleted_in_their_panel(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Lunch?")
    for text in ("Yes", "At nine"):
        await aside(reply, bob, room, root, text)
    page = await in_room(bob, room)
    await page.locator("#timeline .thread-summary").click()
    await expect(replies(page).locator(".prose")).to_have_text(["Yes", "At nine"])
    await act_on(page, replies(page).first, "React with 👍")
    await expect(replies(page).first.locator(".reaction")).to_contain_text("1")
    await page.get_by_label("Reply in this thread").focus()
    await replies(page).last.focus()
    await page.keyboard.press("e")
    await expect(page.get_by_label("Edit the message")).to_be_focused()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("At noon")
    await page.keyboard.press("Enter")
    await expect(replies(page).last.locator(".prose")).to_have_text("At noon")
    await expect(page.get_by_label("Reply in this thread")).to_be_focused()
    await replies(page).last.focus()
    await page.keyboard.press("ArrowUp")
    await expect(replies(page).first).to_be_focused()
    await page.keyboard.press("Delete")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(replies(page).locator(".prose")).to_have_text(["This message was deleted.", "At noon"])
    await act_on(page, replies(page).last, "Copy link")


async def test_a_permalink_and_the_list_of_threads_lead_into_the_thread(
    page_of: Any, in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Lunch?")
    said = await aside(reply, bob, room, root, "Yes")
    linked = await in_room(alice, room, f"?message=m{said.message_id}")
    await expect(linked.locator(f"#thread-m{said.message_id}")).to_contain_text("Yes")
    await expect(message(linked, "Lunch?")).to_be_visible()
    await aside(reply, bob, room, root, "At noon")
    await expect(replies(linked).locator(".prose")).to_have_text(["Yes", "At noon"])
    listing = await page_of(bob, "/threads/")
    await expect(listing.locator(".thread-entry")).to_contain_text("2 replies")
    await listing.locator("[data-thread-link]").focus()
    await listing.keyboard.press("Enter")
    await expect(replies(listing).locator(".prose")).to_have_text(["Yes", "At noon"])


async def test_a_reply_that_was_written_offline_goes_out_once(
    in_room: Any, says: Any, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect_broken_network()
    await says(alice, room, "Lunch?")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await act(hers, "Lunch?", "Reply in thread")
    await expect(hers.get_by_label("Reply in this thread")).to_be_focused()
    await hers.context.set_offline(True)
    await answer(hers, "Hello?")
    await expect(hers.locator("#thread-outbox > .pending")).to_contain_text("Hello?")
    await hers.context.set_offline(False)
    await expect(replies(hers).locator(".prose")).to_have_text(["Hello?"])
    await expect(hers.locator("#thread-outbox > .pending")).to_have_count(0)
    await expect(his.locator("#timeline .thread-summary")).to_contain_text("1 reply")


@pytest.mark.parametrize("width", [1440, 360])
async def test_threads_are_accessible_at_every_width(
    page_of: Any, in_room: Any, says: Any, alice: Any, bob: Any, room: Room, width: int
) -> None:
    root = await says(alice, room, "Lunch?")
    await aside(reply, bob, room, root, "Yes, where we were last time, behind the station")
    size = {"width": width, "height": 720}
    page = await in_room(alice, room, viewport=size)
    await check(page)
    await page.locator("#timeline .thread-summary").click()
    await expect(page.get_by_label("Reply in this thread")).to_be_focused()
    await expect(page.get_by_label("Reply in this thread")).to_be_in_viewport()
    await check(page)
    if d := os.environ.get("SHOTS"):
        await page.screenshot(path=f"{d}/thread-{width}.png")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    listing = await page_of(bob, "/threads/", viewport=size)
    await expect(listing.locator(".thread-entry")).to_contain_text("1 reply")
    await check(listing)
    if d:
        await listing.screenshot(path=f"{d}/list-{width}.png")
