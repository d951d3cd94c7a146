"""What people do on Parley's pages, and what they see there."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect


async def write(page: Page, text: str) -> None:
    """Write a message and send it with Enter."""
    field = page.locator("#composer-text")
    await field.fill(text)
    await field.press("Enter")
    await expect(field).to_have_value("")


async def enter(page: Page, way: Locator) -> None:
    """Click what leads to another page, and wait until that is complete."""
    async with page.expect_navigation():
        await way.click()


def message(page: Page, text: str) -> Locator:
    """The message of the timeline with these words."""
    return page.locator("#timeline > .message").filter(has_text=text)


def pending(page: Page) -> Locator:
    return page.locator("#outbox > .pending")


async def texts(page: Page) -> list[str]:
    """The words of all messages in the page, in their order."""
    return await page.locator("#timeline > .message > .prose").all_inner_texts()


async def act(page: Page, text: str, action: str) -> None:
    """Do something with a message of the timeline by its toolbar: Edit, Delete, Copy link."""
    await act_on(page, message(page, text), action)


async def act_on(page: Page, one: Locator, action: str) -> None:
    """Press a button of the message's toolbar, or take an entry of its menu."""
    await one.hover()
    bar = page.get_by_role("toolbar", name="Message")
    await expect(bar).to_be_visible()
    if await bar.get_by_role("button", name=action).count():
        await bar.get_by_role("button", name=action).click()
    else:
        await (await open_menu(page, one)).get_by_role("menuitem", name=action).click()


async def open_menu(page: Page, one: Locator) -> Locator:
    """The menu of what can be done with a message beside its toolbar."""
    await one.hover()
    await page.get_by_role("toolbar", name="Message").get_by_role("button", name="More").click()
    return page.get_by_role("menu", name="More for this message")


async def expect_badge(page: Page, room: Any, text: str) -> None:
    """The room's unread count in the sidebar; "" where there is none."""
    badge = page.locator(f'#sidebar [data-room="r{room.pk}"] [data-badge]')
    if text:
        await expect(badge).to_have_text(text)
        await expect(badge).to_be_visible()
    else:
        await expect(badge).to_be_hidden()


async def look_away(page: Page) -> None:
    """Another window has the focus now. Playwright gives it to every page."""
    await page.evaluate("document.hasFocus = () => false; dispatchEvent(new Event('blur'))")


async def look_back(page: Page) -> None:
    await page.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")


async def next_frame(page: Page) -> None:
    """Let the page draw."""
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def code_in(text: str) -> str:
    """The six digits of a mail."""
    found = re.search(r"\b(\d{3})[ -]?(\d{3})\b", text)
    assert found, text
    return found[1] + found[2]
