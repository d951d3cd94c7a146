"""Parts of the page that are loaded when they are asked for, and can't be had."""

from typing import Any

from playwright.async_api import Page, expect

from chat.models import Room
from chat.saved import save_message
from tenants.db import in_organisation
from tests.browser.watch import Watch
from tests.sockets import aside


def save(person: Any, room: Room, message_id: int) -> None:
    with in_organisation(person.organisation):
        save_message(person, room.pk, message_id)


async def test_a_part_that_can_not_be_loaded_says_so(
    in_room: Any, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect("ERR_FAILED", "net::ERR")
    page = await in_room(alice, room)
    await page.route("**/emoji_picker*.js", lambda route: route.abort(), times=1)
    await page.locator("#composer-emoji").click()
    await expect(page.locator(".toast")).to_contain_text("can't be reached")
    await page.locator("#composer-emoji").click()
    await expect(page.locator("#emoji-picker")).to_be_visible()


async def test_a_press_right_after_the_first_paint_is_not_lost(
    page_of: Any, says: Any, alice: Any, room: Room
) -> None:
    said = await says(alice, room, "The plan")
    await aside(save, alice, room, said.message_id)

    async def press_early(page: Page) -> None:
        # Timers are late, as on a busy machine. htmx begins with one.
        await page.add_init_script(
            "const soon = window.setTimeout;"
            "window.setTimeout = (what, wait = 0, ...rest) => soon(what, wait + 500, ...rest);"
            "document.addEventListener('DOMContentLoaded', () =>"
            " document.querySelector('#saved button[hx-post]').click())"
        )

    page = await page_of(alice, "/saved/", before=press_early)
    await expect(page.get_by_text("Nothing saved")).to_be_visible()


async def test_a_press_before_the_modules_have_begun_is_done_once_they_have(
    page_of: Any, alice: Any, room: Room
) -> None:
    async def press_early(page: Page) -> None:
        await page.add_init_script(
            "document.addEventListener('readystatechange', () =>"
            " document.readyState === 'interactive' && document.getElementById('composer-emoji').click())"
        )

    page = await page_of(alice, f"/rooms/r{room.pk}/", before=press_early)
    await expect(page.locator("#emoji-picker")).to_be_visible()
