"""Quotes: shown to who may see them, asked for together."""

import re
from typing import Any

from playwright.async_api import Page, Request, Route, expect

from chat.changes import delete_message, edit_message
from chat.models import Room
from chat.reactions import add_reaction
from tenants.db import in_organisation
from tests.browser.held import Moment
from tests.browser.pages import message
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch
from tests.sockets import aside


def edit(person: Any, room: Room, message_id: int, text: str) -> None:
    with in_organisation(person.organisation):
        edit_message(person, room.pk, message_id, text)


def remove(person: Any, room: Room, message_id: int) -> None:
    with in_organisation(person.organisation):
        delete_message(person, room.pk, message_id)


def react(person: Any, room: Room, message_id: int) -> None:
    with in_organisation(person.organisation):
        add_reaction(person, room.pk, message_id, "👍")


async def test_a_link_to_a_message_shows_it(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    said = await says(alice, room, "The plan is to row")
    await says(
        alice,
        room,
        f"As I said\n\n{alice.organisation.url(f'/rooms/r{room.pk}/?message=m{said.message_id}')}",
    )
    page = await in_room(bob, room)
    quote = message(page, "As I said").locator(".quote")
    await expect(quote).to_contain_text("The plan is to row")
    await expect(quote.locator(".quote-place")).to_have_text("Design")
    await expect(quote.locator(".message-author")).to_have_text("Alice")
    await expect(message(page, "As I said").locator(":scope > .prose > p").last).to_be_hidden()
    await check(page)
    await aside(edit, alice, room, said.message_id, "The plan is to sail")
    await expect(quote).to_contain_text("The plan is to sail")
    await quote.locator(".quote-place").click()
    await expect(page.locator(f"#timeline-m{said.message_id}")).to_be_visible()


async def test_who_is_not_in_the_room_sees_that_calmly(
    in_room: Any, says: Any, alice: Any, charlie: Any, room: Room, public_room: Room
) -> None:
    asked: list[str] = []

    async def note(page: Page) -> None:
        def keep(request: Request) -> None:
            if "/quotes/" in request.url:
                asked.append(request.url)

        page.on("request", keep)

    for number in range(3):
        said = await says(alice, room, f"Secret {number}")
        await says(
            alice,
            public_room,
            f"Number {number} {alice.organisation.url(f'/rooms/r{room.pk}/?message=m{said.message_id}')}",
        )
    page = await in_room(charlie, public_room, before=note)
    for number in range(3):
        quote = message(page, f"Number {number}").locator(".quote")
        await expect(quote).to_have_text("A message from a room you are not in")
    assert len(asked) == 1
    assert "Secret" not in await page.content() and "Design" not in await page.content()


async def test_quoting_by_keyboard(in_room: Any, says: Any, alice: Any, bob: Any, room: Room) -> None:
    await says(alice, room, "The plan is to row")
    page = await in_room(bob, room)
    await page.locator("#composer-text").fill("I agree:")
    await message(page, "The plan is to row").focus()
    await page.keyboard.press("q")
    field = page.locator("#composer-text")
    await expect(field).to_be_focused()
    await page.keyboard.type("Let us")
    await page.keyboard.press("Enter")
    await expect(message(page, "Let us").locator(".quote .message")).to_contain_text("The plan is to row")
    await expect(message(page, "Let us").locator(":scope > .prose")).to_have_text(re.compile("^I agree:"))


async def test_a_quote_never_says_again_what_was_deleted(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    said = await says(alice, room, "The plan is to row")
    url = alice.organisation.url(f"/rooms/r{room.pk}/?message=m{said.message_id}")
    quoting = await says(bob, room, f"As she said\n\n{url}")
    page = await in_room(bob, room)
    quote = message(page, "As she said").locator(".quote")
    await expect(quote).to_contain_text("The plan is to row")
    await aside(remove, alice, room, said.message_id)
    await expect(quote).not_to_contain_text("The plan is to row")
    await aside(react, alice, room, quoting.message_id)  # what quotes it is drawn anew
    await expect(message(page, "As she said").locator(".reaction")).to_be_visible()
    await expect(quote).to_contain_text("deleted")
    assert "The plan is to row" not in await page.locator("#timeline").inner_text()


async def test_what_the_server_refuses_is_asked_once_and_stays_a_link(
    in_room: Any, says: Any, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect("403")
    asked: list[str] = []
    refuses, refused = True, Moment()

    async def answer(route: Route) -> None:
        asked.append(route.request.url.partition("messages=")[2])
        if refuses:
            await route.fulfill(status=403, json={"error": {"code": "forbidden", "detail": "No."}})
            refused.set()
        else:
            await route.continue_()

    async def before(page: Page) -> None:
        await page.clock.install()
        await page.route("**/quotes/?*", answer)

    said = [await says(alice, room, text) for text in ("To row", "To sail")]
    links = [alice.organisation.url(f"/rooms/r{room.pk}/?message=m{one.message_id}") for one in said]
    await says(alice, room, links[0])
    page = await in_room(bob, room, before=before)
    await expect(message(page, links[0])).to_be_visible()
    await page.clock.run_for(1000)
    await refused.wait()
    refuses = False
    await page.clock.run_for(60_000)
    await says(alice, room, f"And {links[1]}")
    await expect(message(page, "And")).to_be_visible()
    await page.clock.run_for(1000)
    await expect(message(page, "And").locator(".quote")).to_contain_text("To sail")
    assert asked == [f"m{one.message_id}" for one in said]
    await expect(message(page, links[0]).locator(":scope > .prose a")).to_be_visible()
