"""Slash commands in the composer: completed, run, answered to the sender alone."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import message, texts, write
from tests.browser.test_accessibility import check


async def test_a_command_is_completed_run_and_answered_to_its_sender(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    field = hers.locator("#composer-text")
    await field.press_sequentially("/top")
    options = hers.get_by_role("listbox", name="Suggestions").get_by_role("option")
    await expect(options).to_have_count(1)
    await expect(options).to_contain_text("/topic [text]")
    await expect(options).to_contain_text("Say what this room is about")
    await check(hers)
    await field.press("Enter")
    await expect(field).to_have_value("/topic ")
    await field.press_sequentially("Plans for May")
    await field.press("Enter")
    await expect(field).to_have_value("")
    await expect(hers.locator(".answer")).to_contain_text("The topic is now: Plans for May")
    await expect(hers.locator(".answer")).to_contain_text("only you see this")
    await expect(his.locator("[data-room-topic]").first).to_have_text("Plans for May")
    await expect(his.locator(".answer")).to_have_count(0)
    await check(hers)
    await hers.get_by_role("button", name="Close this answer").click()
    await expect(hers.locator(".answer")).to_have_count(0)
    await expect(field).to_be_focused()
    assert await texts(hers) == []


async def test_what_is_no_command_stays_in_the_field_and_can_be_posted(
    in_room: Any, alice: Any, room: Room, watch: Any
) -> None:
    watch.expect("422")
    page = await in_room(alice, room)
    field = page.locator("#composer-text")
    await field.fill("/nonsense here")
    await field.press("Enter")
    await expect(page.locator(".answer")).to_contain_text("There is no command /nonsense.")
    await expect(field).to_have_value("/nonsense here")
    for typed in ("//nonsense", " /blank", "/etc/hosts", "// TODO"):
        await write(page, typed)
        await expect(message(page, typed.strip().replace("//n", "/n"))).to_be_visible()
    assert [text.strip() for text in await texts(page)] == ["/nonsense", "/blank", "/etc/hosts", "// TODO"]


async def test_help_lists_commands_and_a_command_speaks_for_its_sender(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room, viewport={"width": 360, "height": 740}), await in_room(bob, room)
    field = hers.locator("#composer-text")
    await field.press_sequentially("/help")
    await expect(hers.get_by_role("option")).to_have_count(1)
    await field.press("Enter")  # it stands there in full
    await expect(hers.locator(".answer-items div").filter(has_text="/topic [text]")).to_be_visible()
    assert not await hers.evaluate("document.documentElement.scrollWidth > innerWidth")
    await check(hers)
    await write(hers, "/shrug no idea")
    await expect(message(his, "no idea ¯\\_(ツ)_/¯")).to_be_visible()
    await write(hers, "/shortcuts")
    await expect(hers.get_by_role("dialog", name="Keys")).to_be_visible()


async def test_without_a_network_the_command_is_kept(
    in_room: Any, alice: Any, room: Room, watch: Any
) -> None:
    watch.expect_broken_network()
    page = await in_room(alice, room)
    field = page.locator("#composer-text")
    await field.press_sequentially("/who")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.context.set_offline(True)
    await field.press("Enter")
    await expect(page.locator(".answer")).to_contain_text("can't be reached")
    await expect(field).to_have_value("/who")
    await page.context.set_offline(False)
    await field.press("Enter")
    await expect(page.locator(".answer").last).to_contain_text("people are in this room")
    await expect(field).to_have_value("")
