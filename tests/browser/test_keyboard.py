"""Everything without a pointer."""

import re
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.async_api import Page, Route, expect

from accounts.models import Person
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.held import Moment
from tests.browser.pages import message, texts
from tests.conftest import PASSWORD
from tests.sockets import aside


def know_password(person: Any) -> None:
    """The cast's passwords are hashed in a hurry, which the server does not do."""
    known = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    with in_organisation(person.organisation):
        Person.objects.filter(pk=person.pk).update(password=known)


async def press_to_leave(page: Page, key: str) -> None:
    """Press a key that leads to another page, and wait until that is complete."""
    async with page.expect_navigation():
        await page.keyboard.press(key)


async def test_sign_in_post_edit_and_change_rooms_by_keyboard_alone(
    stranger: Page, alice: Any, room: Room, public_room: Room
) -> None:
    await aside(know_password, alice)
    page, keys = stranger, stranger.keyboard
    await page.goto(alice.organisation.url(f"/rooms/r{public_room.pk}/"))
    await expect(page.get_by_label(re.compile("E-?mail"))).to_be_focused()
    await keys.type(alice.email)
    await keys.press("Tab")
    await expect(page.get_by_label("Password", exact=True)).to_be_focused()
    await keys.type(PASSWORD)
    await press_to_leave(page, "Enter")
    await expect(page.locator("#composer-text")).to_be_focused()
    await expect(page.locator("[data-room-name]")).to_have_text("Lounge")

    await keys.type("Helo")
    await keys.press("Enter")
    await expect(message(page, "Helo")).to_be_visible()
    await keys.press("ArrowUp")
    await expect(page.get_by_label("Edit the message")).to_be_focused()
    await keys.press("Backspace")
    await keys.type("lo")
    await keys.press("Enter")
    await expect(message(page, "Hello")).to_be_visible()
    await expect(page.locator("#composer-text")).to_be_focused()

    await keys.press("Control+k")
    await expect(page.get_by_role("combobox", name="Find a room, person or message")).to_be_focused()
    await keys.type("desi")
    await expect(page.get_by_role("option", name="Design")).to_be_visible()
    await press_to_leave(page, "Enter")
    await expect(page.locator("[data-room-name]")).to_have_text("Design")
    await expect(page.locator("#composer-text")).to_be_focused()


async def test_enter_means_the_answer_that_is_still_on_its_way(
    in_room: Any, alice: Any, room: Room, public_room: Room
) -> None:
    page = await in_room(alice, room)
    asked, pressed = Moment(), Moment()

    async def hold(route: Route) -> None:
        asked.set()
        await pressed.wait()
        await route.continue_()

    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("option", name="general")).to_be_visible()
    await page.route("**/switcher/?q=gener", hold)
    await page.keyboard.type("gener")
    await asked.wait()
    await page.keyboard.press("Enter")
    async with page.expect_navigation():
        pressed.set()
    await expect(page.locator("[data-room-name]")).to_have_text("general")


async def test_the_switcher_finds_commands(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("this dev")
    await expect(page.get_by_role("option", name="This device")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="This device")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.keyboard.type(">")
    for command in ("Invite people", "Create a room", "Mentions", "Sign out"):
        await expect(page.get_by_role("option", name=command)).to_be_visible()
    await page.keyboard.type("saved")
    await expect(page.get_by_role("option")).to_have_count(1)
    await press_to_leave(page, "Enter")
    await expect(page.get_by_role("heading", name="Saved", exact=True)).to_be_visible()


async def test_alt_and_arrows_walk_the_rooms(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    page = await in_room(alice, room)
    name = page.locator("[data-room-name]")
    listed = page.locator("#sidebar [data-room] .truncate")
    await expect(listed).to_have_text(["Design", "general", "Lounge"])
    await press_to_leave(page, "Alt+ArrowDown")
    await expect(name).to_have_text("general")
    await press_to_leave(page, "Alt+ArrowUp")
    await expect(name).to_have_text("Design")
    await says(bob, public_room, "Over here")
    await expect(page.locator(".sidebar-item.unread")).to_have_count(1)
    await press_to_leave(page, "Alt+Shift+ArrowDown")
    await expect(name).to_have_text("Lounge")


async def test_escape_discards_an_edit_then_closes_the_panel(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, "As it was")
    page = await in_room(alice, room)
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_label("Edit the message")).to_be_focused()
    await page.keyboard.type(" not")
    await page.keyboard.press("Escape")
    await expect(page.locator("#composer-text")).to_be_focused()
    assert await texts(page) == ["As it was"]
    await page.locator("#members-link").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel-title")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#panel section")).to_have_count(0)
    await expect(page.locator("#members-link")).to_be_focused()


async def test_a_question_mark_lists_the_keys(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    await page.keyboard.type("What? ")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    await page.locator("#members-link").focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


async def test_messages_and_their_buttons_are_reached_by_keyboard(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    for text in ("One", "Two", "Three"):
        await says(alice, room, text)
    page = await in_room(alice, room)
    await expect(page.locator("#composer-text")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(message(page, "Three")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(message(page, "Two")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="React with 👍")).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("button", name="More")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Pin")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="More")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Pin")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(message(page, "Two")).to_have_count(0)
    assert await texts(page) == ["One", "This message was deleted.", "Three"]


async def test_search_by_slash(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "The blue whale")
    page = await in_room(alice, room)
    await page.locator("#members-link").focus()
    await page.keyboard.press("/")
    await expect(page.locator("#room-search-query")).to_be_focused()
    await page.keyboard.type("whale")
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel mark")).to_have_text("whale")
    await page.locator("#panel .result a").first.focus()
    await press_to_leave(page, "Enter")
    await expect(page.locator("#timeline > .message.linked")).to_contain_text("The blue whale")


async def test_enter_may_break_the_line_instead(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    await page.keyboard.type("One")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await expect(page.locator("#composer-text")).to_have_value("One\ntwo")
    await page.locator("#organisation-button").click()
    await page.get_by_role("menuitem", name="This device").click()
    await page.get_by_label("Enter starts a new line").check()
    await page.keyboard.press("Escape")
    await page.locator("#composer-text").focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await page.keyboard.type("three")
    await expect(page.locator("#composer-text")).to_have_value("One\ntwo\nthree")
    await page.keyboard.press("Control+Enter")
    await expect(message(page, "three")).to_be_visible()
