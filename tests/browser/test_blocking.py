"""Blocking in direct messages, from the profile, as both of them see it."""

from typing import Any

from playwright.async_api import expect

from chat import blocks, rooms
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import enter, message, pending, write
from tests.browser.test_accessibility import check
from tests.sockets import aside


def direct_of(person: Any, *others: Any) -> Room:
    with in_organisation(person.organisation):
        return rooms.open_direct(person, [one.pk for one in others])


def block(person: Any, other: Any) -> None:
    with in_organisation(person.organisation):
        blocks.block(person, other)


async def test_blocking_from_the_profile_and_unblocking_in_the_room(
    in_room: Any, says: Any, alice: Any, bob: Any
) -> None:
    room = await aside(direct_of, alice, bob)
    await says(bob, room, "Buy this")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await message(hers, "Buy this").locator(".message-author").click()
    await hers.get_by_role("button", name="Block in direct messages").click()
    await hers.locator("#confirm-dialog [value=yes]").click()
    await expect(hers.locator("#composer-text")).to_have_count(0)  # the page was drawn anew
    await expect(hers.locator(".composer-instead")).to_contain_text("You have blocked Bob")
    await check(hers)
    await write(his, "Please")
    await expect(pending(his)).to_contain_text("can’t be delivered")
    await enter(hers, hers.locator(".composer-instead").get_by_role("button", name="Unblock"))
    await expect(hers.locator("#composer-text")).to_be_visible()


async def test_among_several_their_words_are_covered(
    in_room: Any, says: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    room = await aside(direct_of, alice, bob, charlie)
    await aside(block, alice, bob)
    await says(bob, room, "Buy this")
    hers = await in_room(alice, room)
    one = hers.locator("#timeline > .message")
    await expect(one.locator(".prose")).to_be_hidden()
    await says(charlie, room, "Ignore him")
    await expect(message(hers, "Ignore him").locator(".prose")).to_be_visible()
    await one.first.get_by_role("button", name="Show it").click()
    await expect(one.first.locator(".prose")).to_have_text("Buy this")
    theirs, his = await in_room(charlie, room), await in_room(bob, room)
    await expect(message(theirs, "Buy this").locator(".prose")).to_be_visible()
    await his.locator("#composer-text").press_sequentially("A")
    await expect(theirs.locator("#typing")).to_have_text("Bob is typing…")
    await theirs.locator("#composer-text").press_sequentially("A")
    await expect(hers.locator("#typing")).to_have_text("Charlie is typing…")


async def test_their_words_raise_no_badge(
    page_of: Any, says: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    room = await aside(direct_of, alice, bob, charlie)
    await says(charlie, room, "Hello")
    await aside(block, alice, bob)
    page = await page_of(alice, "/rooms/")
    badge = page.locator(f"#sidebar-r{room.pk} [data-badge]")
    await expect(badge).to_have_text("1")
    await says(bob, room, "Buy this")
    await says(charlie, room, "Ignore him")
    await expect(badge).to_have_text("2")


async def test_the_list_of_whom_one_has_blocked(page_of: Any, alice: Any, bob: Any) -> None:
    await aside(block, alice, bob)
    page = await page_of(alice, "/blocks/")
    await check(page)
    await page.get_by_role("button", name="Unblock Bob").click()
    await expect(page.get_by_role("heading", name="You have blocked nobody")).to_be_visible()
