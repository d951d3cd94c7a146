"""Drafts: on every device, offline too, and never over what somebody is typing."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from chat.drafts import draft_in
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import act, message, write
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch
from tests.sockets import aside


async def expect_drafts(page: Page, text: str) -> None:
    badge = page.locator("#sidebar-drafts [data-badge]")
    if text:
        await expect(badge).to_have_text(text)
    else:
        await expect(badge).to_be_hidden()


def kept(person: Any, room: Room) -> str:
    with in_organisation(person.organisation):
        return draft_in(person, room.pk).text


async def test_a_draft_follows_to_ones_other_devices_and_goes_when_it_is_sent(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    laptop, phone, his = await in_room(alice, room), await in_room(alice, room), await in_room(bob, room)
    await laptop.locator("#composer-text").press_sequentially("Hello")
    await expect(phone.locator("#composer-text")).to_have_value("Hello")
    await expect_drafts(phone, "1")
    await expect_drafts(laptop, "1")
    await phone.locator("#composer-text").press_sequentially(" there")
    await expect(laptop.locator("#composer-text")).to_have_value("Hello there")
    await expect(his.locator("#composer-text")).to_have_value("")
    await expect_drafts(his, "")
    await laptop.locator("#composer-text").press("Enter")
    await expect(message(his, "Hello there")).to_be_visible()
    await expect(phone.locator("#composer-text")).to_have_value("")
    await expect_drafts(phone, "")
    fresh = await in_room(alice, room)
    await expect(message(fresh, "Hello there")).to_be_visible()
    await expect(fresh.locator("#composer-text")).to_have_value("")


async def test_a_device_that_comes_later_finds_the_draft(in_room: Any, alice: Any, room: Room) -> None:
    laptop = await in_room(alice, room)
    await laptop.locator("#composer-text").press_sequentially("To be continued")
    await expect_drafts(laptop, "1")
    phone = await in_room(alice, room)
    await expect(phone.locator("#composer-text")).to_have_value("To be continued")
    await expect(phone.locator("#composer-send")).to_be_enabled()


async def test_what_somebody_is_typing_is_never_overwritten(
    in_room: Any, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect("ERR_FAILED")
    laptop, phone = await in_room(alice, room), await in_room(alice, room)
    # The phone's typing does not get through: what it has is newer than all that the server knows.
    await phone.route("**/draft/**", lambda route: route.abort())
    await phone.locator("#composer-text").press_sequentially("On the phone")
    await laptop.locator("#composer-text").press_sequentially("On the laptop")
    await expect_drafts(phone, "1")  # so the phone has heard of it
    await expect(phone.locator("#composer-text")).to_have_value("On the phone")
    await phone.unroute("**/draft/**")
    await phone.locator("#composer-text").press_sequentially("!")
    await expect(laptop.locator("#composer-text")).to_have_value("On the phone!")


async def test_what_is_typed_offline_stays_and_goes_out_later(
    in_room: Any, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect_broken_network()
    page, other = await in_room(alice, room), await in_room(alice, room)
    await page.context.set_offline(True)
    await page.locator("#composer-text").press_sequentially("In the tunnel")
    await expect(page.locator("#connection")).to_be_visible()
    assert await aside(kept, alice, room) == ""
    await page.context.set_offline(False)
    await expect(other.locator("#composer-text")).to_have_value("In the tunnel")


async def test_leaving_the_page_at_once_loses_nothing(
    in_room: Any, page_of: Any, alice: Any, room: Room
) -> None:
    listing, page = await page_of(alice, "/drafts/"), await in_room(alice, room)
    await expect(listing.get_by_text("No drafts")).to_be_visible()
    await page.locator("#composer-text").press_sequentially("Quick")
    await page.goto(alice.organisation.url("/rooms/"))
    await expect(listing.locator("#drafts .result")).to_contain_text("Quick")


async def test_a_thread_has_its_own(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "Lunch?")
    laptop, phone = await in_room(alice, room), await in_room(alice, room)
    await act(laptop, "Lunch?", "Reply in thread")
    await laptop.get_by_label("Reply in this thread").press_sequentially("At noon")
    await expect_drafts(phone, "1")
    await expect(phone.locator("#composer-text")).to_have_value("")
    await act(phone, "Lunch?", "Reply in thread")
    reply = phone.get_by_label("Reply in this thread")
    await expect(reply).to_have_value("At noon")
    await reply.press("Enter")
    await expect(laptop.get_by_label("Reply in this thread")).to_have_value("")
    await expect_drafts(laptop, "")


@pytest.mark.parametrize("width", [1440, 360])
async def test_the_list_leads_there_and_discards(
    in_room: Any, page_of: Any, alice: Any, room: Room, public_room: Room, width: int
) -> None:
    page = await in_room(alice, room)
    await page.locator("#composer-text").press_sequentially("Hello")
    await expect_drafts(page, "1")
    listing = await page_of(alice, "/drafts/", viewport={"width": width, "height": 800})
    entry = listing.locator("#drafts .result")
    await expect(entry).to_contain_text("Hello")
    await check(listing)
    assert await listing.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await entry.get_by_role("button", name="Discard").click()
    await expect(listing.get_by_text("No drafts")).to_be_visible()
    await expect(listing.locator("#drafts")).to_be_focused()
    await expect(page.locator("#composer-text")).to_have_value("")
    await listing.get_by_role("button", name="Undo").click()
    await expect(page.locator("#composer-text")).to_have_value("Hello")
    await entry.get_by_role("link", name="Design").click()
    await expect(listing.locator("#composer-text")).to_have_value("Hello")
    await write(listing, "Hello!")
    await expect(page.locator("#composer-text")).to_have_value("")
