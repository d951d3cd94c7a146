"""The organisation's own emoji: added on their page, chosen in the picker and by their name, seen by others."""

from pathlib import Path
from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import message, write
from tests.browser.test_accessibility import check
from tests.chat.files import picture


async def test_adding_one_and_using_it(
    page_of: Any, in_room: Any, says: Any, alice: Any, bob: Any, room: Room, tmp_path: Path
) -> None:
    file = tmp_path / "parrot.png"
    file.write_bytes(picture(64, 64))
    page = await page_of(alice, "/emoji/")
    await check(page)
    await page.get_by_label("Picture").set_input_files(file)
    await page.get_by_label("Name", exact=True).fill("party parley")
    await page.get_by_role("button", name="Add the emoji").click()
    await expect(page.locator(".own-emoji")).to_contain_text(":party_parley:")
    await page.get_by_text("Another name").click()
    await page.get_by_label("Another name for party_parley").fill("pp")
    await page.get_by_label("Another name for party_parley").press("Enter")
    await expect(page.locator(".own-emoji")).to_contain_text(":pp:")
    await check(page)

    await says(bob, room, "Shipped")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await write(hers, "Look :pp:")
    await expect(message(his, "Look").locator("img.emoji")).to_be_visible()
    await expect(message(his, "Look").locator("img.emoji")).to_have_attribute("alt", ":pp:")
    await message(hers, "Shipped").focus()
    await hers.keyboard.press("+")
    await hers.get_by_label("Find an emoji").fill("party_p")
    await expect(hers.locator(".emoji-grid button").first.locator("img")).to_be_visible()
    await hers.get_by_label("Find an emoji").press("Enter")
    chip = message(his, "Shipped").locator(".reaction")
    await expect(chip.locator("img.emoji")).to_be_visible()
    await chip.click()
    await expect(message(hers, "Shipped").locator(".reaction")).to_contain_text("2")
    await his.locator("#composer-text").fill("Mine :part")
    await his.get_by_role("option", name=":party_parley:").click()
    await expect(his.locator("#composer-text")).to_have_value("Mine :party_parley: ")

    await page.get_by_text("Remove", exact=True).click()
    await check(page)
    async with page.expect_navigation():
        await page.get_by_role("button", name="Remove the emoji party_parley").click()
    await expect(page.get_by_text("No emoji of your own yet")).to_be_visible()
    await expect(message(his, "Look").locator("img.emoji")).to_be_visible()
