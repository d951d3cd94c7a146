"""On a phone: one column at a time, nothing wider than the screen."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.pages import message, write

PHONE = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
SIZES = [(390, 844), (360, 640)]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3

# Whether an element's words stand at its right edge.
FROM_THE_RIGHT = """(one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const [words, box] = [range.getBoundingClientRect(), one.getBoundingClientRect()];
  return words.left > box.left + box.width / 2 && Math.abs(words.right - box.right) < 4;
}"""


async def fits(page: Page) -> bool:
    """Whether nothing of the page is to the right of the screen."""
    return await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_from_the_list_into_a_room_and_back(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room, width: int, height: int
) -> None:
    await says(bob, public_room, "In the lounge")
    page = await in_room(alice, room, viewport={"width": width, "height": height}, **PHONE)
    await expect(page.locator("#sidebar")).not_to_be_in_viewport()
    await page.get_by_role("button", name="Rooms").tap()
    await expect(page.locator("#sidebar")).to_be_in_viewport()
    assert await fits(page)
    async with page.expect_navigation():
        await page.get_by_role("link", name="Lounge").tap()
    await expect(message(page, "In the lounge")).to_be_in_viewport()
    await write(page, "From the phone")
    await expect(message(page, "From the phone")).to_be_in_viewport()
    await expect(page.locator("#composer-text")).to_be_in_viewport()
    assert await fits(page)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_panels_take_the_whole_screen_and_go_away(
    in_room: Any, alice: Any, room: Room, width: int, height: int
) -> None:
    page = await in_room(alice, room, viewport={"width": width, "height": height}, **PHONE)
    for link in ("#members-link", "#room-name-link", "#search-link"):
        await page.locator(link).tap()
        await expect(page.locator("#panel-title")).to_be_in_viewport()
        assert await fits(page)
        await page.get_by_role("button", name="Close").tap()
        await expect(page.locator("#panel section")).to_have_count(0)
        await expect(page.locator("#composer-text")).to_be_in_viewport()


@pytest.mark.parametrize("width", [390, 360, 1024, 1440])
async def test_long_words_and_code_do_not_widen_the_page(
    in_room: Any, says: Any, alice: Any, room: Room, width: int
) -> None:
    for text in (
        LONG,
        f"`{LONG}`",
        f"```python\nx = '{LONG}'\n```",
        f"https://example.com/{LONG}",
        f"> {LONG}",
    ):
        await says(alice, room, text)
    page = await in_room(alice, room, viewport={"width": width, "height": 800})
    await expect(message(page, "Donau").last).to_be_in_viewport()
    assert await fits(page)
    box = await page.locator("#scroller").evaluate("(one) => [one.scrollWidth, one.clientWidth]")
    assert box[0] <= box[1]


async def test_right_to_left_words_read_from_the_right(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, "שלום לכולם")
    page = await in_room(alice, room)
    paragraph = message(page, "שלום").locator(".prose > *").first
    assert await paragraph.evaluate(FROM_THE_RIGHT)
    field = page.locator("#composer-text")
    await field.fill("مرحبا")
    assert await field.evaluate("(one) => getComputedStyle(one).direction") == "rtl"
