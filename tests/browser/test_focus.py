"""Where the focus is while other people change what has it."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from chat.reactions import add_reaction
from tenants.db import in_organisation
from tests.browser.pages import message
from tests.sockets import aside

TO_THE_TOP = "(scroller) => { scroller.scrollTop = 0 }"


def react(person: Any, room: Room, message_id: int) -> None:
    with in_organisation(person.organisation):
        add_reaction(person, room.pk, message_id, "👍")


async def test_what_has_the_focus_in_a_message_keeps_it_when_somebody_reacts(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    said = await says(alice, room, "See [one](https://one.example) and [two](https://two.example)")
    page = await in_room(bob, room)
    link = message(page, "See one").get_by_role("link", name="two")
    await link.focus()
    await aside(react, alice, room, said.message_id)
    await expect(message(page, "See one").locator(".reaction")).to_be_visible()
    await expect(link).to_be_focused()
    spoken = await says(alice, room, "The end: ||he rows||")
    cover = message(page, "The end").get_by_role("button", name="spoiler")
    await cover.focus()
    await aside(react, alice, room, spoken.message_id)
    await expect(message(page, "The end").locator(".reaction")).to_be_visible()
    await expect(cover).to_be_focused()


async def test_escape_in_a_menu_closes_the_menu_and_marks_nothing_read(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "While you were away")
    page = await in_room(alice, room)
    line = page.locator("#timeline > .divider.new")
    await expect(line).to_be_visible()
    await page.locator("#organisation-button").click()
    await expect(page.locator("#organisation-menu")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#organisation-menu")).to_be_hidden()
    await expect(line).to_have_count(1)
    await expect(page.locator("#organisation-button")).to_be_focused()


async def test_words_of_an_edit_outlive_their_message_being_out_of_the_window(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    mine = await says(alice, room, "First words")
    for number in range(120):  # more than are loaded around a message and once more when its end comes near
        await says(bob, room, f"Number {number}")
    page = await in_room(alice, room, f"?message=m{mine.message_id}")
    await message(page, "First words").focus()
    await page.keyboard.press("e")
    field = page.get_by_label("Edit the message")
    await field.fill("Half of other words")
    await page.locator("#jump").click()
    await expect(message(page, "Number 119")).to_be_visible()
    await expect(message(page, "First words")).to_have_count(0)
    await page.locator("#scroller").evaluate(TO_THE_TOP)
    await expect(message(page, "Number 30")).to_be_attached()
    await page.locator("#scroller").evaluate(TO_THE_TOP)
    await expect(field).to_have_value("Half of other words")
    await field.press("Enter")
    await expect(message(page, "Half of other words")).to_be_visible()
