"""What is unread, kept in step over the devices of one person: badges, the "New" line, the tab's title."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import act, enter, expect_badge, look_away, look_back, message, write


async def test_reading_on_one_device_takes_the_badge_from_the_other(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    laptop, phone = await in_room(alice, public_room), await in_room(alice, public_room)
    await says(bob, room, "One")
    await says(bob, room, "Two")
    for device in (laptop, phone):
        await expect_badge(device, room, "2")
        await expect(device).to_have_title("• #Lounge · Acme")
    await enter(phone, phone.get_by_role("link", name="Design"))
    await expect(message(phone, "Two")).to_be_visible()
    for device in (laptop, phone):
        await expect_badge(device, room, "")
    await expect(laptop).to_have_title("#Lounge · Acme")


async def test_the_new_line_stands_before_the_first_unread_message(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    hers, phone = await in_room(alice, room), await in_room(alice, public_room)
    await write(hers, "Read by everybody")
    await expect(message(hers, "Read by everybody")).to_be_visible()
    await look_away(hers)
    await says(bob, room, "First new")
    await says(bob, room, "Second new")
    await expect(message(hers, "Second new")).to_be_visible()
    line = hers.locator("#timeline > .divider.new")
    await expect(line).to_have_count(1)
    assert "First new" in await line.evaluate("(line) => line.nextElementSibling.innerText")
    await expect_badge(phone, room, "2")
    await look_back(hers)
    await expect_badge(phone, room, "")
    await expect(line).to_have_count(1)


async def test_the_new_line_is_there_after_opening_the_room(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "While you were away")
    hers = await in_room(alice, room)
    line = hers.locator("#timeline > .divider.new")
    await expect(line).to_be_visible()
    await hers.locator("#composer-text").press("Escape")
    await expect(line).to_have_count(0)


async def test_who_writes_has_read(in_room: Any, alice: Any, room: Room, public_room: Room) -> None:
    laptop, phone = await in_room(alice, room), await in_room(alice, public_room)
    await write(laptop, "From the laptop")
    await expect(message(laptop, "From the laptop")).to_be_visible()
    await expect_badge(phone, room, "")
    await expect(laptop.locator("#timeline > .divider.new")).to_have_count(0)


async def test_a_deleted_message_is_not_unread(
    in_room: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    hers = await in_room(alice, public_room)
    his = await in_room(bob, room)
    await write(his, "Never mind")
    await expect_badge(hers, room, "1")
    await act(his, "Never mind", "Delete")
    await his.locator("#delete-dialog [data-confirm]").click()
    await expect_badge(hers, room, "")


async def test_the_button_to_the_newest_counts_what_waits(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    for number in range(40):
        await says(alice, room, f"Line {number}\n\nand another")
    hers, phone = await in_room(alice, room), await in_room(alice, public_room)
    await hers.locator("#scroller").evaluate("(scroller) => scroller.scrollBy(0, -1500)")
    jump = hers.locator("#jump")
    await expect(jump).to_have_text("To the newest")
    await says(bob, room, "Down here")
    await expect(jump).to_have_text("1 new message")
    await expect_badge(phone, room, "1")
    await jump.click()
    await expect(message(hers, "Down here")).to_be_in_viewport()
    await expect(jump).to_be_hidden()
    await expect_badge(phone, room, "")
