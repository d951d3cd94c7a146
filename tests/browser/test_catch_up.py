"""Catching up by keyboard, from the first unread message to the end."""

from typing import Any

from playwright.async_api import expect

from chat import rooms
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.held import Held
from tests.browser.pages import expect_badge
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch
from tests.sockets import aside


def direct_of(person: Any, other: Any) -> Room:
    with in_organisation(person.organisation):
        return rooms.open_direct(person, [other.pk])


async def test_walking_through_what_is_unread(
    page_of: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    direct = await aside(direct_of, bob, alice)
    for where, text in ((direct, "Psst"), (public_room, "In the lounge"), (room, "In design")):
        await says(bob, where, text)
    page = await page_of(alice, "/catch-up/")
    title, place = page.locator("#catch-title"), page.locator("#catch-place")
    await expect(title).to_have_text("Bob")
    await expect(title).to_be_focused()
    await expect(place).to_contain_text("Psst")
    await check(page)
    await page.keyboard.press("Enter")
    await expect(title).to_have_text("#Design")
    await expect_badge(page, direct, "")
    await page.keyboard.press("j")
    await expect(title).to_have_text("#Lounge")
    await page.keyboard.press("k")
    await expect(title).to_have_text("#Design")
    await says(bob, room, "And one more")
    await expect(place).to_contain_text("And one more")
    await page.keyboard.press("r")
    await page.keyboard.type("Thank you")
    await page.keyboard.press("Enter")
    await expect(title).to_have_text("#Lounge")
    await expect_badge(page, room, "")
    await page.keyboard.press("Enter")
    await expect(page.locator("#catch-end")).to_be_focused()
    await expect(page.locator("#catch-end")).to_contain_text("That was all")
    await expect_badge(page, public_room, "")
    await page.keyboard.press("u")
    await expect(title).to_have_text("#Lounge")
    await expect_badge(page, public_room, "1")
    await page.keyboard.press("j")
    await expect(page.locator("#catch-skipped")).to_be_visible()
    await expect_badge(page, public_room, "1")


async def test_on_a_phone_and_with_nothing_left(
    page_of: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "In design")
    page = await page_of(alice, "/catch-up/", viewport={"width": 360, "height": 740})
    await expect(page.locator("#catch-place")).to_contain_text("In design")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name="Read, next").click()
    await expect(page.locator("#catch-end")).to_be_visible()
    await page.goto(alice.organisation.url("/catch-up/"))
    await expect(page.get_by_role("heading", name="You are up to date")).to_be_visible()


async def test_keys_that_come_faster_than_answers_mark_only_what_was_shown(
    page_of: Any, says: Any, watch: Watch, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    direct = await aside(direct_of, bob, alice)
    for where, text in ((direct, "Psst"), (public_room, "In the lounge"), (room, "In design")):
        await says(bob, where, text)
    page = await page_of(alice, "/catch-up/")
    title = page.locator("#catch-title")
    await expect(title).to_have_text("Bob")
    await expect(title).to_be_focused()  # it is on the screen now, and can be read
    held = Held()
    await held.lay(page, f"**/rooms/r{room.pk}/unread/")
    await page.keyboard.press("Enter")
    await held.asked.wait()
    await page.keyboard.press("Enter")  # of Design nothing is on the screen yet
    await page.keyboard.press("r")  # nor can it be answered
    await expect(page.locator("#catch-text")).not_to_be_focused()
    await page.keyboard.press("j")
    await expect(title).to_have_text("#Lounge")
    await expect(title).to_be_focused()
    held.let_go()
    await page.keyboard.press("Enter")
    await expect(page.locator("#catch-end")).to_be_focused()
    await expect_badge(page, public_room, "")
    await expect_badge(page, room, "1")
    await expect(page.locator("#catch-skipped")).to_be_visible()
    assert await page.locator("#catch-list a.done .truncate").all_inner_texts() == ["Bob", "Lounge"]


async def test_a_place_that_cannot_be_had_says_so_and_shows_nothing_else(
    page_of: Any, says: Any, watch: Watch, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    watch.expect("answered: 503", "status of 503")
    for where, text in ((public_room, "In the lounge"), (room, "In design")):
        await says(bob, where, text)
    page = await page_of(alice, "/catch-up/")
    await expect(page.locator("#catch-title")).to_have_text("#Design")
    await page.route(f"**/rooms/r{public_room.pk}/unread/", lambda route: route.fulfill(status=503), times=1)
    await page.keyboard.press("j")
    await expect(page.locator(".toast")).to_be_visible()
    await expect(page.locator("#catch-place")).not_to_contain_text("In design")
    await page.keyboard.press("Enter")
    await page.keyboard.press("k")
    await expect(page.locator("#catch-title")).to_have_text("#Design")
    await expect_badge(page, public_room, "1")
