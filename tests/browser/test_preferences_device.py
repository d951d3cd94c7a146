"""What is chosen for a device: colours, contrast, density. On the page before it is painted, and on the next one."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.test_accessibility import check


async def choose(page: Page, group: str, option: str) -> None:
    await page.locator("#organisation-button").click()
    await page.get_by_role("menuitem", name="This device").click()
    chosen = page.get_by_role("radiogroup", name=group).get_by_role("radio", name=option)
    await chosen.click()
    await expect(chosen).to_have_attribute("aria-checked", "true")
    await page.keyboard.press("Escape")


async def test_theme_contrast_and_density_are_kept(in_room: Any, says: Any, alice: Any, room: Room) -> None:
    await says(alice, room, "One")
    page = await in_room(alice, room)
    root = page.locator("html")
    height = "document.querySelector('.sidebar-item').getBoundingClientRect().height"
    comfortable = await page.evaluate(height)
    await choose(page, "Colours", "Dark")
    await choose(page, "Contrast", "High")
    await choose(page, "Density", "Compact")
    for _ in range(2):
        await expect(root).to_have_attribute("data-theme", "dark")
        await expect(root).to_have_attribute("data-contrast", "more")
        await expect(root).to_have_attribute("data-density", "compact")
        assert await page.evaluate(height) < comfortable
        await page.reload()
    await choose(page, "Contrast", "As the system")
    await expect(root).not_to_have_attribute("data-contrast", "more")


async def test_choices_by_keyboard(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    await page.locator("#organisation-button").click()
    await page.get_by_role("menuitem", name="This device").click()
    await page.get_by_role("radio", name="As the system").first.focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("density", ["", "compact"])
async def test_high_contrast_by_the_systems_wish_is_accessible(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, density: str
) -> None:
    await says(bob, room, "Hello @Alice, `code` and [a link](https://example.com)")

    async def before(page: Page) -> None:
        await page.emulate_media(contrast="more")
        await page.add_init_script(f"localStorage.setItem('parley.density', '{density}')")

    page = await in_room(alice, room, before=before)
    await expect(page.locator("html")).to_have_attribute("data-contrast", "more")
    await check(page)


async def test_an_accent_is_chosen_and_shown(page_of: Any, alice: Any) -> None:
    page = await page_of(alice, "/organisation/look/")
    await check(page)
    await page.get_by_label("Moss").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("style", "--accent-hue: 130")
    await check(page)
