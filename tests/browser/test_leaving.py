"""What was done just before a page is left is done."""

from typing import Any

from playwright.async_api import expect

from chat.models import Room
from tests.browser.pages import expect_badge, message
from tests.browser.sockets import Line


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
