"""What was done just before a page is left is done."""

from typing import Any

from playwright.async_api import expect

from accounts.sessions import end_all_sessions
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.held import Held
from tests.browser.pages import expect_badge, message
from tests.browser.sockets import Line
from tests.sockets import aside


async def test_who_marks_a_room_read_and_goes_on_at_once_has_read_it(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    await says(bob, room, "While you were away")
    phone, hers = await in_room(alice, public_room), await in_room(alice, public_room)
    await expect_badge(phone, room, "1")
    # Both in one task of the page: nothing that waits can come in between.
    async with hers.expect_navigation(url=f"**/rooms/r{public_room.pk}/"):
        await hers.goto(alice.organisation.url(f"/rooms/r{room.pk}/"))
        await hers.evaluate(
            "([key, url]) => {"
            " document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));"
            " location.assign(url); }",
            ["Escape", f"/rooms/r{public_room.pk}/"],
        )
    await expect_badge(phone, room, "")
    await expect_badge(hers, room, "")


async def test_what_was_read_over_a_broken_line_is_said_again(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    line = Line()
    phone, hers = await in_room(alice, public_room), await in_room(alice, room, before=line.lay)
    line.lose("read")
    await says(bob, room, "In the tunnel")
    await expect(message(hers, "In the tunnel")).to_be_visible()
    await line.until_sent("read")
    await expect_badge(phone, room, "1")
    line.let_go()
    await line.cut()
    await expect_badge(phone, room, "")


def end_sessions_of(person: Any) -> None:
    with in_organisation(person.organisation):
        end_all_sessions(person)


async def test_a_line_that_ends_with_the_session_does_not_break_the_signing_out_off(
    in_room: Any, alice: Any, room: Room
) -> None:
    page, held = await in_room(alice, room), Held()
    await page.evaluate(
        "document.addEventListener('htmx:ws:close', ({ detail }) => console.info(detail.code))"
    )
    await held.lay(page, "**/accounts/logout/")
    await page.locator("#organisation-button").click()
    await page.get_by_role("menuitem", name="Sign out").click(no_wait_after=True)
    await held.asked.wait()
    async with page.expect_console_message(lambda said: said.text == "4401"):
        await aside(end_sessions_of, alice)  # as the request does, long before its answer is there
    held.let_go()
    await page.wait_for_url("**/accounts/login/**")
    assert page.url == alice.organisation.url("/accounts/login/")
