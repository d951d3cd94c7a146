"""Moving a thread: live in both rooms, with what stays for those who may not follow."""

import uuid
from typing import Any

from playwright.async_api import expect

from chat import rooms
from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post
from tenants.db import in_organisation
from tests.browser.pages import act, enter, message
from tests.browser.test_accessibility import check
from tests.sockets import aside


def reply(person: Any, room: Room, root: int, text: str) -> None:
    with in_organisation(person.organisation):
        post_messages([Post(person.pk, room.pk, uuid.uuid4(), text, thread_id=root)])


def vault(alice: Any, *members: Any) -> Room:
    with in_organisation(alice.organisation):
        return rooms.create_room(alice, "Vault", Room.Kind.PRIVATE, members=[one.pk for one in members])


async def test_a_thread_moves_live(
    in_room: Any, says: Any, alice: Any, bob: Any, charlie: Any, dana: Any, room: Room
) -> None:
    other = await aside(vault, alice, bob, charlie)
    said = await says(alice, room, "The plan is to row")
    await says(bob, room, "Something else")
    await aside(reply, bob, room, said.message_id, "With four oars")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    theirs, danas = await in_room(charlie, other), await in_room(dana, room)
    await message(danas, "The plan is to row").locator(".thread-summary").click()
    await expect(danas.locator("#thread-list")).to_contain_text("With four oars")
    await act(hers, "The plan is to row", "Move…")
    dialog = hers.get_by_role("dialog", name="Move this thread")
    await expect(dialog).to_contain_text("Its reply moves along")
    await check(hers)
    await dialog.get_by_role("radio", name="Vault").check()
    await dialog.get_by_role("button", name="Move").click()
    await expect(dialog).to_have_count(0)
    arrived = message(theirs, "The plan is to row")
    await expect(arrived.locator(".moved-mark")).to_contain_text("Moved here by Alice")
    await arrived.locator(".thread-summary").click()
    await expect(theirs.locator("#thread-list")).to_contain_text("With four oars")
    stayed = message(his, "Alice moved this message to another room.")
    await expect(stayed.locator(".quote-place")).to_have_text("Vault")
    await check(his)
    left = message(danas, "Alice moved this message to another room.")
    await expect(left).to_be_visible()
    await expect(left.locator(".quote-place")).to_have_count(0)
    await expect(danas.locator("#thread-list")).not_to_contain_text("With four oars")
    assert "Vault" not in await danas.content()
    await enter(his, stayed.locator(".quote-place"))
    await expect(message(his, "The plan is to row")).to_be_visible()


async def test_who_may_not_move_is_not_asked_to(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "The plan")
    page = await in_room(bob, room)
    await message(page, "The plan").hover()
    await page.get_by_role("toolbar", name="Message").locator("[data-more]").click()
    await expect(page.get_by_role("menuitem", name="Forward…")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Move…")).to_have_count(0)
