"""A page whose person loses access says so calmly, and shows nothing that came afterwards."""

from typing import Any

from playwright.async_api import expect

from accounts import people, sessions
from chat.memberships import remove_member
from chat.models import Room
from chat.rooms import archive_room
from tenants.db import in_organisation
from tests.browser.pages import enter, message, write
from tests.sockets import aside


async def test_a_removed_members_page_goes_away_calmly(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "For members only")
    his = await in_room(bob, room)
    await expect(message(his, "For members only")).to_be_visible()
    await inside(alice, lambda: remove_member(alice, room.pk, bob.pk))
    await expect(his.get_by_role("heading", name="You no longer have access to this room")).to_be_focused()
    await expect(his.locator("body")).not_to_contain_text("For members only")
    await expect(his.locator(f'#sidebar [data-room="r{room.pk}"]')).to_have_count(0)
    await enter(his, his.get_by_role("link", name="To your rooms"))
    await expect(his.locator("[data-room-name]")).to_have_text("general")


async def test_a_deactivated_person_is_shown_out(in_room: Any, alice: Any, bob: Any, room: Room) -> None:
    his = await in_room(bob, room)
    await inside(alice, lambda: people.deactivate(alice, bob.pk))
    await expect(his.get_by_label("Password", exact=True)).to_be_visible()


async def test_an_ended_session_leads_to_the_sign_in_page_and_back(
    in_room: Any, alice: Any, room: Room
) -> None:
    page = await in_room(alice, room)
    await inside(alice, lambda: sessions.end_all_sessions(alice, keep=""))
    await expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert f"next=%2Frooms%2Fr{room.pk}%2F" in page.url


async def test_an_archived_room_can_be_read_and_not_written_to(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    his = await in_room(bob, room)
    await write(his, "Before the end")
    await expect(message(his, "Before the end")).to_be_visible()
    await inside(alice, lambda: archive_room(alice, room.pk))
    await expect(his.get_by_text("This room is archived.")).to_be_visible()
    await expect(his.locator("#composer-text")).to_have_count(0)
    await expect(message(his, "Before the end")).to_be_visible()


async def test_a_visitor_reads_a_public_room_and_joins_it(
    in_room: Any, says: Any, alice: Any, charlie: Any, public_room: Room
) -> None:
    await says(alice, public_room, "Come in")
    page = await in_room(charlie, public_room)
    await expect(message(page, "Come in")).to_be_visible()
    await enter(page, page.get_by_role("button", name="Join the room"))
    await write(page, "Here I am")
    await expect(message(page, "Here I am")).to_be_visible()


async def inside(person: Any, change: Any) -> None:
    def call() -> None:
        with in_organisation(person.organisation):
            change()

    await aside(call)
