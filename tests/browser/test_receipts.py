"""Who has read: below the newest message, and in a panel of one's own messages."""

from typing import Any

from playwright.async_api import expect

from accounts import people
from chat import rooms
from chat.models import Room
from tenants.db import in_organisation
from tests.browser.pages import act, look_away, look_back, message, open_menu, write
from tests.browser.test_accessibility import check
from tests.sockets import aside


async def test_who_has_seen_the_newest_message_shows_live(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await look_away(his)
    await write(hers, "The plan")
    await expect(message(his, "The plan")).to_be_visible()
    seen = hers.locator("#seen")
    await expect(seen).to_have_text("")
    await look_back(his)
    await expect(seen).to_contain_text("Seen by Bob")
    await expect(his.locator("#seen")).to_have_text("")  # neither oneself nor the author
    await look_away(his)
    await write(hers, "Another")
    await expect(message(hers, "Another")).to_be_visible()
    await expect(seen).to_have_text("")
    await act(hers, "The plan", "Who has read it")
    panel = hers.locator("#readers")
    await expect(panel).to_contain_text("1 person has read it")
    await expect(panel.locator("section").first).to_contain_text("Bob")
    await check(hers)
    await hers.keyboard.press("Escape")
    await act(hers, "Another", "Who has read it")
    await expect(panel).to_contain_text("Nobody yet.")
    await look_back(his)
    await expect(panel).to_contain_text("1 person has read it")
    menu = await open_menu(his, message(his, "The plan"))
    await expect(menu.get_by_role("menuitem", name="Mark unread")).to_be_visible()
    await expect(menu.get_by_role("menuitem", name="Who has read it")).to_be_hidden()


def many(alice: Any, room: Room) -> None:
    with in_organisation(alice.organisation):
        new = [people.create_person(email=f"n{n}@acme.example", name=f"N{n}") for n in range(20)]
        rooms.add_members(alice, room.pk, [one.pk for one in new])


async def test_in_a_large_room_it_is_a_number(in_room: Any, alice: Any, bob: Any, room: Room) -> None:
    await aside(many, alice, room)
    hers = await in_room(alice, room)
    await write(hers, "The plan")
    await expect(message(hers, "The plan")).to_be_visible()
    await in_room(bob, room)
    await expect(hers.locator("#seen")).to_have_text("Seen by 1 person")


async def test_who_does_not_share_it_is_asked_nothing(
    page_of: Any, in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    settings = await page_of(bob, "/me/")
    await settings.get_by_label("Show others what I have read").uncheck()
    await settings.get_by_role("button", name="Save this").click()
    await expect(settings.get_by_text("Saved.")).to_be_visible()
    hers = await in_room(alice, room)
    await write(hers, "The plan")
    his = await in_room(bob, room)
    await expect(message(his, "The plan")).to_be_visible()
    await expect(his.locator("#seen")).to_have_count(0)
    await says(bob, room, "Read it")
    await expect(message(hers, "Read it")).to_be_visible()
    await expect(hers.locator("#seen")).to_have_text("")


async def test_who_shares_it_again_sees_it_on_the_page_that_is_open(
    page_of: Any, in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await aside(stop_sharing, bob)
    await says(bob, room, "Mine")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await expect(message(hers, "Mine")).to_be_visible()
    await expect(his.locator("#seen")).to_have_count(0)
    settings = await page_of(bob, "/me/")
    box = settings.get_by_label("Show others what I have read")
    for shares in (True, False, True):
        await box.set_checked(shares)
        await settings.get_by_role("button", name="Save this").click()
        await expect(settings.get_by_text("Saved.")).to_be_visible()
        if shares:
            await expect(his.locator("#seen")).to_contain_text("Seen by Alice")
            await expect(his.locator("#seen")).to_be_in_viewport()
        else:
            await expect(his.locator("#seen")).to_have_count(0)
    await act(his, "Mine", "Who has read it")
    await expect(his.locator("#readers")).to_contain_text("Alice")


def stop_sharing(person: Any) -> None:
    with in_organisation(person.organisation):
        people.share_reading(person, False)
