"""Settings of a room as its people see them: live in everybody's composer, whoever had the page open."""

from typing import Any

from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.pages import message, write
from tests.browser.test_accessibility import check
from tests.browser.test_lists import begin
from tests.browser.watch import Watch


async def settings_of(page: Page) -> None:
    await page.locator("#details-link").click()
    await page.locator("#details-settings").click()
    await expect(page.locator("#room-settings #panel-title")).to_be_focused()


async def test_announcements_and_slow_mode_reach_open_pages(
    in_room: Any, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect("429")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await his.locator("#composer-text").fill("Half a thou")
    await settings_of(hers)
    await check(hers)
    await hers.get_by_label("Announcements only").check()
    await hers.locator("#settings-save").click()
    await expect(hers.locator("#room-settings").get_by_text("Saved.")).to_be_visible()
    await expect(his.locator("#composer")).to_be_hidden()
    await expect(his.locator("#composer-closed")).to_contain_text("for announcements")
    await check(his)
    await write(hers, "Lunch is ready")
    await message(his, "Lunch is ready").hover()
    await his.get_by_role("toolbar", name="Message").get_by_role("button", name="Reply in thread").click()
    await expect(his.locator("#thread-text")).to_be_visible()
    await expect(his.locator("#thread-also")).to_be_hidden()
    await his.locator("#thread-text").fill("Thanks")
    await his.locator("#thread-text").press("Enter")
    await expect(his.locator("#timeline .thread-summary")).to_be_visible()
    await hers.get_by_label("Announcements only").uncheck()
    await hers.get_by_label("Members may write").select_option("60")
    await hers.locator("#settings-save").click()
    field = his.locator("#composer-text")
    await expect(field).to_have_value("Half a thou")
    await field.fill("A whole one")
    await field.press("Enter")
    await expect(message(his, "A whole one")).to_be_visible()
    await expect(his.locator("#composer [data-wait]")).to_contain_text("You can write again in")
    await field.fill("And more")
    await expect(his.locator("#composer-send")).to_be_disabled()
    await his.reload()
    await expect(his.locator("#composer [data-wait]")).to_contain_text("You can write again in")
    await his.locator("#timeline .thread-summary").click()
    await his.locator("#thread-text").fill("Here neither")
    await expect(his.locator("#thread [data-wait]")).to_contain_text("You can write again in")
    await expect(his.locator("#thread-send")).to_be_disabled()
    await check(his)
    dialog = await begin(his, "Poll")
    await dialog.get_by_label("Question").fill("Lunch?")
    for number in (1, 2):
        await dialog.get_by_label(f"Option {number}", exact=True).fill(f"At {number}")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("This room is slow: you can write again in")
    await dialog.get_by_role("button", name="Cancel").click()
    await hers.get_by_label("Members may write").select_option("0")
    await hers.locator("#settings-save").click()
    await expect(his.locator("#composer-send")).to_be_enabled()
    await expect(his.locator("#composer [data-wait]")).to_have_text("")


async def test_a_visitor_is_shown_out_when_the_room_becomes_private(
    in_room: Any, alice: Any, bob: Any, charlie: Any, public_room: Room
) -> None:
    hers, his, visitor = [await in_room(one, public_room) for one in (alice, bob, charlie)]
    await settings_of(hers)
    await hers.locator("#settings-private").click()
    await expect(hers.locator("#confirm-dialog")).to_contain_text("Make #Lounge private?")
    await hers.locator("#confirm-dialog [value=yes]").click()
    await expect(visitor.get_by_role("alert")).to_contain_text("You no longer have access")
    for page in (hers, his):
        await expect(page.locator("#room")).to_have_attribute("data-kind", "private")
