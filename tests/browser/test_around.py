"""Who is around, live; and the profile fields of an organisation."""

from typing import Any

from playwright.async_api import expect

from accounts import people, statuses
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.test_accessibility import check
from tests.sockets import aside


async def test_who_comes_is_listed(page_of: Any, alice: Any, bob: Any) -> None:
    page = await page_of(alice, "/around/")
    await expect(page.locator("#around")).to_contain_text("Nobody just now")
    await page_of(bob, "/threads/")
    await expect(page.get_by_role("link", name="Bob")).to_be_visible()
    await expect(page.locator("#around time[data-zone]")).not_to_have_text("–")
    await check(page)
    await page.get_by_role("link", name="Bob").click()
    await expect(page.locator("#panel").get_by_role("heading", name="Bob")).to_be_visible()


async def test_who_appears_away_is_not_listed(
    page_of: Any, in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    page, his = await page_of(alice, "/around/"), await in_room(bob, room)
    await expect(page.get_by_role("link", name="Bob")).to_be_visible()
    field = his.locator("#composer-text")
    await field.press_sequentially("/aw")
    await expect(his.get_by_role("option")).to_contain_text("Look as if you were not around")
    await field.press("Enter")
    await field.press("Enter")
    await expect(his.locator(".answer")).to_contain_text("You appear away")
    await expect(page.locator("#around")).to_contain_text("Nobody just now", timeout=20_000)
    await his.goto(bob.organisation.url("/me/"))
    await check(his)
    await his.get_by_role("button", name="Be seen again").click()
    await expect(his.get_by_role("button", name="Appear away")).to_be_visible()
    await in_room(bob, room)
    await expect(page.get_by_role("link", name="Bob")).to_be_visible()


async def test_a_field_from_its_definition_to_the_profile(page_of: Any, alice: Any, bob: Any) -> None:
    hers = await page_of(alice, "/organisation/profile-fields/")
    add = hers.locator("section", has=hers.get_by_role("heading", name="Add a field"))
    await add.get_by_label("Name").fill("Team")
    await add.get_by_label("Kind").select_option("choice")
    await add.get_by_label("Choices, one a line").fill("Boats\nFerries")
    await add.get_by_role("button", name="Add").click()
    await expect(hers.get_by_role("heading", name="Team")).to_be_visible()
    await check(hers)
    his = await page_of(bob, "/me/")
    await check(his)
    section = his.locator("section", has=his.get_by_role("heading", name="More about you"))
    await section.get_by_label("Team").select_option("Ferries")
    await section.get_by_role("button", name="Save this").click()
    await expect(his.get_by_text("Your profile is saved.")).to_be_visible()
    await hers.goto(alice.organisation.url(f"/people/p{bob.pk}/"))
    await expect(hers.locator("dl.facts")).to_contain_text("Ferries")


async def test_an_open_profile_follows_a_deactivation(
    in_room: Any, says: Any, alice: Any, bob: Any, charlie: Any, public_room: Room
) -> None:
    await says(bob, public_room, "Hello")
    await aside(set_status, bob)
    page = await in_room(alice, public_room)
    await page.locator("#timeline .message-author").filter(has_text="Bob").click()
    profile = page.locator("#panel .profile")
    await expect(profile).to_contain_text("Deep work")
    await aside(deactivate, alice, bob)
    await expect(profile.locator("#profile-deactivated")).to_be_visible()
    await expect(profile).not_to_contain_text("Deep work")
    await expect(page.locator("#timeline .message .status")).to_be_hidden()
    await check(page)


def set_status(person: Any) -> None:
    with in_organisation(person.organisation):
        statuses.set_status(person, emoji="🎧", text="Deep work", until=None)


def deactivate(alice: Any, person: Any) -> None:
    with in_organisation(alice.organisation):
        people.deactivate(alice, person.pk)
