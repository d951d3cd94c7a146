"""Polls and to-do lists in a real browser: made in dialogs, voted and ticked by keyboard, live on everybody's page."""

import re
from typing import Any

from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.pages import message
from tests.browser.test_accessibility import check


async def begin(page: Page, item: str) -> Any:
    await page.locator("#composer-more").click()
    await page.get_by_role("menuitem", name=item).click()
    return page.get_by_role("dialog", name=item)


async def ask(page: Page, *options: str, **checked: bool) -> None:
    dialog = await begin(page, "Poll")
    await dialog.get_by_label("Question").fill("Lunch?")
    for number, text in enumerate(options, 1):
        await dialog.get_by_label(f"Option {number}", exact=True).fill(text)
    for name, on in checked.items():
        await dialog.get_by_label(re.compile(name)).set_checked(on)
    await check(page)
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_be_hidden()


async def test_a_poll_is_made_voted_by_keyboard_and_closed(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room, viewport={"width": 360, "height": 740})
    await ask(hers, "Pizza", "Salad")
    poll = message(his, "Lunch?")
    option = poll.get_by_role("button", name="Pizza: 0 votes, 0 %")
    await option.focus()
    await his.keyboard.press("Enter")
    voted = poll.get_by_role("button", name="Pizza: 1 vote, 100 %")
    await expect(voted).to_have_attribute("aria-pressed", "true")
    await expect(voted).to_be_focused()
    await check(his)
    assert not await his.evaluate("document.documentElement.scrollWidth > innerWidth")
    theirs = message(hers, "Lunch?")
    await expect(theirs.get_by_role("button", name="Pizza: 1 vote")).to_have_attribute(
        "aria-pressed", "false"
    )
    await expect(theirs).to_contain_text("1 person voted")
    await theirs.get_by_role("button", name="Salad").click()
    await theirs.get_by_role("button", name="Pizza").click()
    await expect(poll.get_by_role("button", name="Pizza: 2 votes, 100 %")).to_be_visible()
    await expect(poll.get_by_role("button", name="Close the poll")).to_have_count(0)
    await theirs.get_by_role("button", name="Close the poll").click()
    await (
        hers.get_by_role("dialog", name="Please confirm").get_by_role("button", name="Close the poll").click()
    )
    await expect(poll.locator(".poll-option").first).to_be_disabled()
    await expect(poll).to_contain_text("closed")


async def test_an_anonymous_poll_shows_ones_own_vote_to_oneself(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await ask(hers, "Yes", "No", Anonymous=True, Everybody=True)
    poll = message(his, "Lunch?")
    await poll.get_by_role("button", name="Yes: 0 votes").click()
    mine = poll.get_by_role("button", name="Yes: 1 vote")
    await expect(mine).to_have_attribute("aria-pressed", "true")
    await expect(message(hers, "Lunch?").get_by_role("button", name="Yes: 1 vote")).to_have_attribute(
        "aria-pressed", "false"
    )
    await poll.get_by_role("button", name="Add an option").click()
    await his.get_by_role("dialog", name="Add an option").get_by_label("Option").fill("Maybe")
    await his.keyboard.press("Enter")
    await expect(message(hers, "Lunch?").get_by_role("button", name="Maybe: 0 votes")).to_be_visible()
    await his.reload()
    await expect(mine).to_have_attribute("aria-pressed", "true")


async def test_a_to_do_list_is_made_ticked_and_changed(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    dialog = await begin(hers, "To-do list")
    await dialog.get_by_label("Title").fill("Today")
    await dialog.get_by_label("Item 1", exact=True).fill("Buy milk")
    await hers.keyboard.press("Enter")
    await hers.keyboard.type("Feed the cat")
    await check(hers)
    await dialog.get_by_role("button", name="Save").click()
    milk = message(his, "Today").get_by_role("checkbox", name="Buy milk")
    await milk.focus()
    await his.keyboard.press("Space")
    await expect(message(hers, "Today")).to_contain_text("1 of 2 done")
    await expect(message(hers, "Today").get_by_role("checkbox", name="Buy milk")).to_be_checked()
    await expect(message(hers, "Today").locator("[data-item='1']")).to_contain_text("Bob")
    await expect(milk).to_be_focused()
    await check(his)
    await expect(message(his, "Today").get_by_role("button", name="Change the list")).to_have_count(0)
    await message(hers, "Today").get_by_role("button", name="Change the list").click()
    await dialog.get_by_role("button", name="Move line 2 up").click()
    await dialog.get_by_role("button", name="Add an item").click()
    await hers.keyboard.type("Sleep")
    await dialog.get_by_role("button", name="Save").click()
    items = message(his, "Today").locator("[data-item] bdi")
    await expect(items).to_have_text(["Feed the cat", "Buy milk", "Sleep"])
    await expect(milk).to_be_checked()
