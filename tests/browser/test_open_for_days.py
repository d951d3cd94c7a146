"""A page that is open for days."""

from typing import Any

from playwright.async_api import Page, WebSocket, expect

from chat.models import Room
from tests.browser.held import Moment
from tests.browser.pages import message

DAYS = "#timeline > .divider.day"


async def with_clock(page: Page) -> None:
    await page.clock.install()


async def test_today_becomes_yesterday_every_night(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(bob, room, "Good night")
    page = await in_room(alice, room, before=with_clock)
    await expect(page.locator(DAYS)).to_have_text("Today")
    await page.clock.fast_forward("24:00:00")
    await expect(page.locator(DAYS)).to_have_text("Yesterday")
    await page.clock.fast_forward("24:00:00")
    await expect(page.locator(DAYS)).not_to_have_text("Yesterday")
    await expect(message(page, "Good night")).to_be_visible()


async def test_a_silent_line_of_the_person_is_tried_now_and_then(
    page_of: Any, alice: Any, public_room: Room
) -> None:
    sent: list[str] = []
    heard = Moment()

    def follow(socket: WebSocket) -> None:
        socket.on("framesent", lambda text: sent.append(str(text)))
        socket.on("framereceived", lambda _: heard.set())

    async def listen(page: Page) -> None:
        await page.clock.install()
        page.on("websocket", follow)

    page = await page_of(alice, "/threads/", before=listen)
    await heard.wait()
    for _ in range(4):
        await page.clock.fast_forward("01:00")
    await expect(page.locator("#sidebar")).to_be_visible()
    assert sum('"ack"' in text for text in sent) >= 2, sent
