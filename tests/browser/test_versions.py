"""Edit history and tombstones, as people see them."""

from typing import Any

from playwright.async_api import expect

from chat.changes import edit_message
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import act, enter, message
from tests.browser.test_accessibility import check
from tests.sockets import aside


def edit(person: Any, room: Room, message_id: int, text: str) -> None:
    with in_organisation(person.organisation):
        edit_message(person, room.pk, message_id, text)


async def test_edited_opens_what_was_said_before(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    said = await says(alice, room, "We meet at two")
    page = await in_room(bob, room)
    await aside(edit, alice, room, said.message_id, "We meet at three")
    mark = message(page, "We meet at three").locator("a.edited")
    await mark.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel-title")).to_be_focused()
    newest = page.locator(".version").first
    await expect(newest.locator("del")).to_contain_text("two")
    await expect(newest.locator("ins")).to_contain_text("three")
    await expect(newest).to_contain_text("Alice")
    await check(page)
    await aside(edit, alice, room, said.message_id, "We meet at four")
    await expect(page.locator(".version")).to_have_count(3)
    hers = await in_room(alice, room)
    await act(hers, "We meet at four", "Delete")
    await hers.locator("#delete-dialog [data-confirm]").click()
    await expect(page.locator("#versions")).to_have_count(0)


async def test_what_a_spoiler_covers_is_covered_in_the_history(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    said = await says(alice, room, "It was ||the butler||, of course")
    page = await in_room(bob, room)
    await aside(edit, alice, room, said.message_id, "It was ||the gardener||, of course")
    await message(page, "of course").locator("a.edited").click()
    newest, oldest = page.locator(".version").first, page.locator(".version").last
    for inside in await page.locator(".version .spoiler-inside").all():
        await expect(inside).to_have_js_property("inert", True)
    await expect(newest.locator("ins")).to_have_css("color", "rgba(0, 0, 0, 0)")
    await check(page)
    await oldest.get_by_role("button", name="Show the spoiler").focus()
    await page.keyboard.press("Enter")
    await expect(oldest.locator(".spoiler-inside")).to_have_js_property("inert", False)
    await expect(newest.locator(".spoiler-inside").first).to_have_js_property("inert", True)
    await aside(edit, alice, room, said.message_id, "It was ||the cook||, of course")
    await expect(page.locator(".version")).to_have_count(3)
    for inside in await page.locator(".version .spoiler-inside").all():
        await expect(inside).to_have_js_property("inert", True)


async def test_where_nobody_sees_it_nothing_leads_there(
    in_room: Any, page_of: Any, says: Any, alice: Any, room: Room
) -> None:
    said = await says(alice, room, "one")
    settings = await page_of(alice, "/organisation/")
    await settings.get_by_label("Who sees what a message said before it was edited").select_option("nobody")
    await enter(settings, settings.get_by_role("button", name="Save"))
    await aside(edit, alice, room, said.message_id, "two")
    page = await in_room(alice, room)
    await expect(message(page, "two").locator("span.edited")).to_be_visible()
    await expect(page.locator("a.edited")).to_have_count(0)


async def test_an_administrators_tombstone_says_who_and_when(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "Not for here")
    await says(bob, room, "My own")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await act(hers, "Not for here", "Delete")
    await hers.locator("#delete-dialog [data-confirm]").click()
    await expect(message(his, "Deleted by Alice, ")).to_be_visible()
    await act(his, "My own", "Delete")
    await his.locator("#delete-dialog [data-confirm]").click()
    await expect(message(hers, "This message was deleted.")).to_be_visible()
