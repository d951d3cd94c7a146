"""Two people in one room: what one does, the other sees."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import act, message, open_menu, pending, texts, write


async def test_two_people_see_each_others_messages(in_room: Any, alice: Any, bob: Any, room: Room) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await write(hers, "Good morning")
    await expect(message(his, "Good morning").locator(".message-author")).to_have_text("Alice")
    await write(his, "**Morning**, Alice")
    await expect(message(hers, "Morning, Alice").locator("strong")).to_have_text("Morning")
    for page in (hers, his):
        assert await texts(page) == ["Good morning", "Morning, Alice"]
    await expect(pending(hers)).to_have_count(0)
    await expect(hers.locator("#timeline > .message.mine")).to_contain_text("Good morning")


async def test_typing_shows_until_the_message_comes(in_room: Any, alice: Any, bob: Any, room: Room) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await his.locator("#composer-text").press_sequentially("Hm")
    await expect(hers.locator("#typing")).to_have_text("Bob is typing…")
    await expect(his.locator("#typing")).to_have_text("")
    await his.keyboard.press("Enter")
    await expect(message(hers, "Hm")).to_be_visible()
    await expect(hers.locator("#typing")).to_have_text("")


async def test_an_edit_reaches_everybody(in_room: Any, says: Any, alice: Any, bob: Any, room: Room) -> None:
    await says(alice, room, "Lunch at elefen?")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await act(hers, "Lunch at", "Edit")
    field = hers.get_by_label("Edit the message")
    await expect(field).to_have_value("Lunch at elefen?")
    await field.fill("Lunch at eleven?")
    await hers.get_by_role("button", name="Save").click()
    for page in (hers, his):
        await expect(message(page, "Lunch at eleven?").locator(".edited")).to_have_text("edited")
        assert await texts(page) == ["Lunch at eleven?"]


async def test_a_deletion_leaves_a_tombstone_for_everybody(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "The password is 1234")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await act(hers, "The password", "Delete")
    dialog = hers.get_by_role("dialog", name="Delete this message?")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(dialog).to_be_hidden()
    for page in (hers, his):
        await expect(message(page, "This message was deleted.")).to_be_visible()
        await expect(page.locator("#timeline")).not_to_contain_text("1234")


async def test_nobody_edits_what_somebody_else_wrote(
    in_room: Any, says: Any, bob: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, "Mine")
    his = await in_room(bob, room)
    menu = await open_menu(his, message(his, "Mine"))
    await expect(menu.get_by_role("menuitem", name="Copy link")).to_be_visible()
    await expect(menu.get_by_role("menuitem", name="Delete")).to_have_count(0)
    toolbar = his.get_by_role("toolbar", name="Message")
    await expect(toolbar.get_by_role("button", name="Edit")).to_have_count(0)


async def test_messages_of_one_person_form_a_group_under_one_name(
    in_room: Any, alice: Any, room: Room
) -> None:
    hers = await in_room(alice, room)
    for text in ("One", "Two", "Three"):
        await write(hers, text)
        await expect(message(hers, text)).to_be_visible()
    await expect(hers.locator("#timeline > .message.follows")).to_have_count(2)
    await expect(hers.locator("#timeline > .divider.day")).to_have_text("Today")


async def test_a_mention_is_completed_with_the_keyboard(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    field = hers.locator("#composer-text")
    await field.press_sequentially("Ask @bo")
    await expect(hers.get_by_role("option", name="Bob")).to_be_visible()
    await hers.keyboard.press("Enter")
    await expect(field).to_have_value("Ask @Bob ")
    await hers.keyboard.press("Enter")
    await expect(message(his, "Ask @Bob").locator(".mention.me")).to_have_text("@Bob")


async def test_markup_in_a_message_stays_words(in_room: Any, alice: Any, bob: Any, room: Room) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    text = '<img src=x onerror="document.title=1"><div hx-get="/sidebar/" hx-trigger="load">&'
    await write(hers, text)
    await expect(message(his, "<img src=x")).to_be_visible()
    assert await texts(his) == [text]
    await expect(his.locator("#timeline img, #timeline [hx-get]")).to_have_count(0)
