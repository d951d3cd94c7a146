"""A mention or a direct message reaches the person wherever in Parley they are."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import enter, expect_badge, message, write


async def test_a_mention_is_heard_in_another_room(
    in_room: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    hers, his = await in_room(alice, public_room), await in_room(bob, room)
    await write(his, "Could @Alice look at this?")
    toast = hers.locator("#toasts .toast")
    await expect(toast).to_contain_text("Bob")
    await expect(hers.locator("#sidebar-notifications [data-badge]")).to_have_text("1")
    await expect(hers).to_have_title("(1) #Lounge · Acme")
    await expect_badge(hers, room, "@1")
    await enter(hers, toast)
    await expect(message(hers, "Could @Alice")).to_be_in_viewport()
    await expect_badge(hers, room, "")
    await expect(hers.locator("#sidebar-notifications [data-badge]")).to_be_hidden()


async def test_a_direct_message_opens_its_room_in_the_sidebar_of_both(
    in_room: Any, alice: Any, bob: Any, public_room: Room
) -> None:
    hers, his = await in_room(alice, public_room), await in_room(bob, public_room)
    await enter(his, his.get_by_role("link", name="Write to somebody").first)
    await his.get_by_label("To", exact=True).fill("ali")
    await his.get_by_role("option", name="Alice").click()
    await enter(his, his.get_by_role("button", name="Open the conversation"))
    await expect(his.locator("[data-room-name]")).to_have_text("Alice")
    await write(his, "Just between us")
    entry = hers.locator("#sidebar [data-direct]").filter(has_text="Bob")
    await expect(entry.locator("[data-badge]")).to_have_text("1")
    await expect(hers).to_have_title("(1) #Lounge · Acme")
    await enter(hers, entry)
    await expect(message(hers, "Just between us")).to_be_visible()
    await write(hers, "Agreed")
    await expect(message(his, "Agreed")).to_be_visible()
    await expect(hers.locator("#sidebar [data-direct] [data-badge]")).to_be_hidden()


async def test_reading_a_notification_on_one_device_reads_it_on_all(
    in_room: Any, alice: Any, bob: Any, says: Any, room: Room, public_room: Room
) -> None:
    laptop, phone = await in_room(alice, public_room), await in_room(alice, public_room)
    await says(bob, room, "Hello @Alice")
    for device in (laptop, phone):
        await expect(device.locator("#sidebar-notifications [data-badge]")).to_have_text("1")
    await enter(phone, phone.locator("#sidebar-notifications"))
    await enter(phone, phone.get_by_role("link", name="Hello @Alice"))
    await expect(message(phone, "Hello @Alice")).to_be_visible()
    await expect(laptop.locator("#sidebar-notifications [data-badge]")).to_be_hidden()
    await expect(laptop).to_have_title("#Lounge · Acme")


async def test_presence_shows_beside_a_direct_message(
    in_room: Any, context_of: Any, alice: Any, bob: Any, public_room: Room
) -> None:
    hers = await in_room(alice, public_room)
    await hers.goto(alice.organisation.url("/directs/"))
    await enter(hers, hers.locator(".person-form").filter(has_text="Bob").get_by_role("button"))
    dot = hers.locator("#sidebar [data-direct] [data-presence]")
    await expect(dot).not_to_have_class("presence online")
    his = await in_room(bob, public_room)
    await expect(dot).to_have_class("presence online")
    await his.context.close()
    await expect(dot).not_to_have_class("presence online", timeout=40_000)
