"""A conversation that becomes a room, on the pages of those who are in it."""

from typing import Any

from playwright.async_api import expect

from chat import rooms
from tenants.db import in_organisation
from tests.browser.pages import enter
from tests.browser.test_accessibility import check
from tests.sockets import aside


async def test_a_group_grows_into_a_room(in_room: Any, says: Any, alice: Any, bob: Any, charlie: Any) -> None:
    def begin() -> Any:
        with in_organisation(alice.organisation):
            return rooms.open_direct(alice, [bob.pk, charlie.pk])

    group = await aside(begin)
    await says(bob, group, "Shall we sail?")
    hers, his = await in_room(alice, group), await in_room(bob, group)
    await hers.locator("#members-link").click()
    await hers.locator("#members-direct").click()
    await expect(hers.locator("#details")).to_be_visible()
    await check(hers)
    await hers.locator("#growth-name").fill("Sailing")
    await enter(hers, hers.locator("#growth-save"))
    for page in (hers, his):
        await expect(page.locator("[data-room-name]")).to_have_text("Sailing")
        await expect(page.locator("#timeline .from-system")).to_contain_text(
            "Alice turned this conversation into"
        )
        await expect(page.locator("#timeline")).to_contain_text("Shall we sail?")
        await expect(page.locator(f"#section-rooms #sidebar-r{group.pk}")).to_be_visible()
