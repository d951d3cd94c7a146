"""Without a network Parley opens all the same: what waits is shown, more can be written, and all of it goes out once."""

from typing import Any

from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.live import Server
from tests.browser.pages import message, pending
from tests.browser.test_accessibility import check
from tests.browser.test_network import stored, write_without_line
from tests.browser.watch import Watch
from tests.sockets import aside

READY = "navigator.serviceWorker.ready.then((found) => found.active.state)"


async def worked(page: Page) -> None:
    """The service worker has the page."""
    await page.evaluate(READY)
    await page.wait_for_function("navigator.serviceWorker.controller !== null")


async def test_the_shell_takes_messages_and_they_go_out_once(
    in_room: Any, server: Server, watch: Watch, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    watch.expect_broken_network()
    page = await in_room(alice, room)
    await worked(page)
    await aside(server.kill)
    try:
        await write_without_line(page, "Left behind")
        await expect(pending(page)).to_have_count(1)
        await page.goto(alice.organisation.url(f"/rooms/r{public_room.pk}/"))
        await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
        await expect(page.locator("#offline-waiting")).to_contain_text("Left behind")
        await expect(page.get_by_label("Room")).to_have_value(f"r{public_room.pk}")
        await check(page)
        for text in ("First", "Second", "Never mind"):
            await page.get_by_label("Message").fill(text)
            await page.get_by_role("button", name="Send when back").click()
        await page.get_by_role("listitem").filter(has_text="Never mind").get_by_role("button").click()
        await expect(page.locator("#offline-waiting > *")).to_have_count(3)
    finally:
        await aside(server.start)
    await expect(message(page, "Second")).to_be_visible(timeout=30_000)
    await expect(pending(page)).to_have_count(0)
    await expect(page.locator(".toast")).to_contain_text("1 message that waited was sent")
    assert await aside(stored, alice, public_room) == ["First", "Second"]
    assert await aside(stored, alice, room) == ["Left behind"]


async def test_who_signed_out_leaves_nothing_in_the_shell(
    in_room: Any, server: Server, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect_broken_network()
    page = await in_room(alice, room)
    await worked(page)
    await page.locator("#organisation-button").click()
    async with page.expect_navigation():
        await page.get_by_role("menuitem", name="Sign out").click()
    await aside(server.kill)
    try:
        await page.goto(alice.organisation.url("/"))
        await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
        await expect(page.locator("#offline-form")).to_be_hidden()
        await expect(page.locator("body")).not_to_contain_text("Design")
    finally:
        await aside(server.start)
    await expect(page.get_by_label("Password", exact=True)).to_be_visible(timeout=30_000)
