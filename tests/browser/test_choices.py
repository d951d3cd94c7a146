"""Reactions and votes of many: one's own are known where nobody is named, and all are listed to who asks."""

import re
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, Request, expect

from accounts import people
from chat.memberships import add_members
from chat.models import Room
from chat.parts.people import NAMED
from tenants.db import in_organisation
from tests.browser.pages import act, message
from tests.browser.test_accessibility import check
from tests.chat.test_choices import poll_of, react, vote
from tests.sockets import aside


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(alice: Any, room: Room) -> list[Any]:
    """As many people of the room as a chip names."""

    def create() -> list[Any]:
        with in_organisation(alice.organisation):
            many: list[Any] = [
                people.create_person(
                    email=f"p{n}@acme.example", name=f"Person {n}", role="member", password=None
                )
                for n in range(NAMED)
            ]
            add_members(alice, room.pk, [one.pk for one in many])
        for one in many:
            one.organisation = alice.organisation  # as the cast has it
        return many

    return await aside(create)


class Asked:
    """How often a page asked for its reader's choices."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    async def note(self, page: Page) -> None:
        def keep(request: Request) -> None:
            if "/choices/?" in request.url:
                self.urls.append(request.url)

        page.on("request", keep)


async def test_ones_own_reaction_among_many_is_known_on_all_devices(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, crowd: list[Any]
) -> None:
    said = (await says(alice, room, "Lunch?")).message_id
    poll = await aside(poll_of, alice, room, anonymous=True)
    for one in (*crowd, alice, bob):
        await aside(react, one, room, said)
    await aside(vote, bob, room, poll, 2)
    asked = Asked()
    page, phone = await in_room(bob, room, before=asked.note), await in_room(bob, room)
    chips = [message(one, "Lunch?").first.locator(".reaction") for one in (page, phone)]
    for chip in chips:
        await expect(chip).to_have_text("👍 14")
        await expect(chip).to_have_attribute("aria-pressed", "true")
    salad = page.get_by_role("button", name="Salad: 1 vote, 100 %")
    await expect(salad).to_have_attribute("aria-pressed", "true")
    assert len(asked.urls) == 1  # one question for the whole page
    await chips[0].focus()
    await expect(chips[0]).to_have_attribute(
        "aria-label", re.compile("You, Person 0, .*Person 11,? and 1 other$")
    )
    await page.keyboard.press("Enter")
    for chip in chips:
        await expect(chip).to_have_attribute("aria-pressed", "false")
        await expect(chip).to_have_text("👍 13")
    await salad.click()
    for one in (page, phone):
        await expect(one.get_by_role("button", name="Salad: 0 votes")).to_have_attribute(
            "aria-pressed", "false"
        )
    assert len(asked.urls) == 1


async def test_a_page_that_saw_it_grow_does_not_ask(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, crowd: list[Any]
) -> None:
    said = (await says(alice, room, "Lunch?")).message_id
    for one in crowd[:-1]:
        await aside(react, one, room, said)
    asked = Asked()
    page = await in_room(alice, room, before=asked.note)
    chip = message(page, "Lunch?").locator(".reaction")
    for one, count in ((crowd[-1], NAMED), (bob, NAMED + 1)):
        await aside(react, one, room, said)
        await expect(chip).to_have_text(f"👍 {count}")
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await chip.click()
    await expect(chip).to_have_text(f"👍 {NAMED + 2}")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    assert asked.urls == []
    await act(page, "Lunch?", "Who reacted or voted")
    panel = page.locator("#chosers")
    await expect(panel).to_contain_text("14 people")
    for name in ("Person 0", "Bob", "Alice"):
        await expect(panel.get_by_text(name, exact=True)).to_be_visible()
    await check(page)
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
