"""Groups and many people named from the composer: completion, the question before, and the offer after."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from accounts.groups import create_group, set_member
from accounts.people import create_person
from chat.memberships import add_members
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import message, write
from tests.browser.test_accessibility import check
from tests.browser.watch import Watch


@pytest.fixture
def crowd(alice: Any, bob: Any, room: Room) -> list[Any]:
    """Twelve more in the room; Bob and eleven of them are @crew."""
    with in_organisation(alice.organisation):
        crew = create_group(alice, "crew", "Who sails")
        new = [create_person(email=f"n{n}@acme.example", name=f"Nina{n} Numbered") for n in range(12)]
        add_members(alice, room.pk, [one.pk for one in new])
        for one in (bob, *new[1:]):
            set_member(alice, crew.pk, one.pk, is_member=True)
    return new


async def test_before_many_are_told_the_author_is_asked(
    in_room: Any, alice: Any, bob: Any, room: Room, crowd: list[Any]
) -> None:
    page, his = await in_room(alice, room), await in_room(bob, room)
    field, dialog = page.locator("#composer-text"), page.locator("dialog.naming-dialog")
    await field.fill("@room the boat leaves")
    await field.press("Enter")
    await expect(dialog).to_contain_text("This tells 14 people at once.")
    await expect(dialog.get_by_role("button", name="Send to 14 people")).to_be_focused()
    await check(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(field).to_be_focused()
    await expect(field).to_have_value("@room the boat leaves")
    await field.press("Enter")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(message(his, "the boat leaves")).to_be_visible()
    await expect(field).to_have_value("")
    await write(page, "@Bob alone is not many")
    await expect(message(his, "alone is not many")).to_be_visible()


async def test_a_group_is_completed_drawn_and_opened(
    in_room: Any, alice: Any, bob: Any, room: Room, crowd: list[Any]
) -> None:
    page, his = await in_room(alice, room), await in_room(bob, room)
    field = page.locator("#composer-text")
    await field.press_sequentially("@cr")
    option = page.get_by_role("option").first
    await expect(option).to_contain_text("@crew")
    await expect(option).to_contain_text("Who sails")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("@crew ")
    await field.press_sequentially("all aboard")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Send to 12 people").click()
    drawn = message(his, "all aboard")
    await expect(drawn.locator(".mention[data-group].me")).to_have_text("@crew")
    await expect(drawn).to_have_class(re.compile(r"\bmentions-me\b"))
    await expect(message(page, "all aboard").locator(".mention.me")).to_have_count(0)
    await drawn.locator(".mention").click()
    await expect(his.locator("#panel-title")).to_have_text("@crew")
    await expect(his.locator("#group .person-link")).to_have_count(12)
    await check(his)


async def test_who_is_not_in_the_room_can_be_added(
    in_room: Any, alice: Any, bob: Any, charlie: Any, room: Room
) -> None:
    page, his = await in_room(alice, room), await in_room(bob, room)
    line = page.locator(".outsiders")
    await write(page, "@Charlie look")
    await expect(line).to_contain_text("Charlie is not in #Design")
    await check(page)
    await line.get_by_role("button", name="Let it be").press("Enter")
    await expect(line).to_have_count(0)
    await expect(page.locator("#composer-text")).to_be_focused()
    await write(page, "@Charlie look again")
    await line.get_by_role("button", name="Add them").press("Enter")
    await expect(page.locator("[data-members-count]")).to_have_text("4")
    await expect(line).to_have_count(0)
    hers = await in_room(charlie, room)
    await expect(message(hers, "look again").locator(".mention.me")).to_have_text("@Charlie")
    await write(his, "@Dana @Alice look")
    await expect(message(his, "@Dana @Alice look")).to_be_visible()
    await expect(his.locator(".outsiders")).to_have_count(0)


async def test_administrators_keep_groups(
    page_of: Any, watch: Watch, alice: Any, bob: Any, charlie: Any
) -> None:
    watch.expect(r"\b422\b")  # a handle that is taken
    page = await page_of(alice, "/groups/")
    await check(page)
    await page.get_by_label("Handle").fill("@Crew")
    await page.get_by_label("What it is for").fill("Who sails")
    await page.get_by_role("button", name="Make the group").press("Enter")
    await expect(page.get_by_role("heading", name="@crew")).to_be_visible()
    await page.get_by_role("button", name="Add Bob").press("Enter")
    await expect(page.get_by_role("status")).to_have_text("1 person is in the group.")
    await expect(page.get_by_role("button", name="Take Bob out")).to_be_focused()
    await page.get_by_label("Find somebody").fill("char")
    await expect(page.get_by_role("button", name="Add Bob")).to_have_count(0)
    await page.get_by_role("button", name="Add Charlie").press("Enter")
    await expect(page.get_by_role("status")).to_have_text("2 people are in the group.")
    await check(page)
    await page.get_by_label("Handle").fill("bob")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("would be Bob as well")).to_be_visible()
    await page.get_by_role("button", name="Delete @crew").click()
    await expect(page.get_by_text("@crew is gone.")).to_be_visible()
    await expect(page.get_by_role("heading", name="No groups yet")).to_be_visible()
