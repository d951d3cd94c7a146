"""The network goes and comes back; nothing is lost, nothing is sent twice."""

import uuid
from typing import Any

from playwright.async_api import Page, expect

from chat.messages import post_messages
from chat.models import Message, Room
from chat.posts import Post
from tenants.db import in_organisation
from tests.browser.live import Server
from tests.browser.pages import message, pending, texts, write
from tests.browser.sockets import Line
from tests.browser.watch import Watch
from tests.sockets import aside


def stored(person: Any, room: Room) -> list[str]:
    """What is in the database, in its order."""
    with in_organisation(person.organisation):
        return list(Message.objects.filter(room=room).order_by("position").values_list("text", flat=True))


async def write_without_line(page: Page, text: str) -> None:
    """Write while nothing answers."""
    await page.locator("#composer-text").fill(text)
    await page.locator("#composer-text").press("Enter")


async def test_the_outbox_goes_out_once_when_the_server_is_back(
    in_room: Any, server: Server, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect_broken_network()
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await write(hers, "Before")
    await expect(message(his, "Before")).to_be_visible()
    await aside(server.kill)
    try:
        await write_without_line(hers, "During, one")
        await write_without_line(hers, "During, two")
        await expect(pending(hers)).to_have_count(2)
        await expect(hers.locator("#connection")).to_contain_text("Reconnecting")
    finally:
        await aside(server.start)
    await expect(message(his, "During, two")).to_be_visible(timeout=30_000)
    await expect(pending(hers)).to_have_count(0)
    await expect(hers.locator("#connection")).to_be_hidden()
    expected = ["Before", "During, one", "During, two"]
    assert await texts(hers) == await texts(his) == await aside(stored, alice, room) == expected


async def test_offline_says_so_and_keeps_what_is_written(
    in_room: Any, says: Any, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect_broken_network()
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    await hers.context.set_offline(True)
    await line.cut()
    await expect(hers.locator("#connection")).to_contain_text("You are offline")
    await write_without_line(hers, "From the tunnel")
    await expect(pending(hers).locator(".pending-state")).to_have_text("Waiting for the connection…")
    await says(bob, room, "Where are you?")
    await hers.context.set_offline(False)
    await expect(message(hers, "From the tunnel")).to_be_visible()
    await expect(hers.locator("#connection")).to_be_hidden()
    assert await texts(hers) == ["Where are you?", "From the tunnel"]


async def test_what_was_written_outlives_a_reload(in_room: Any, watch: Watch, alice: Any, room: Room) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    await hers.route("**/messages/", lambda route: route.abort())
    watch.expect("ERR_FAILED", "net::ERR")
    line.lose("post")
    await write_without_line(hers, "On its way")
    await expect(pending(hers)).to_have_count(1)
    await hers.locator("#composer-text").fill("A draft")
    line.let_go()
    await hers.reload()
    await expect(message(hers, "On its way")).to_be_visible()
    await expect(pending(hers)).to_have_count(0)
    await expect(hers.locator("#composer-text")).to_have_value("A draft")
    assert await aside(stored, alice, room) == ["On its way"]


async def test_a_lost_answer_does_not_make_a_second_message(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    line = Line()
    hers, his = await in_room(alice, room, before=line.lay), await in_room(bob, room)
    line.hold("posted", "messages")
    await write_without_line(hers, "Exactly once")
    await expect(message(his, "Exactly once")).to_be_visible()
    await expect(pending(hers)).to_have_count(1)
    line.let_go()
    await line.cut()
    await expect(message(hers, "Exactly once")).to_be_visible()
    await expect(pending(hers)).to_have_count(0)
    assert await texts(hers) == await texts(his) == await aside(stored, alice, room) == ["Exactly once"]


async def test_a_refused_message_can_be_tried_again(in_room: Any, alice: Any, room: Room) -> None:
    line = Line()
    hers = await in_room(alice, room, before=line.lay)
    line.lose("post")
    await write_without_line(hers, "Try me")
    (sent,) = await line.until_sent("post")
    await line.deliver({"type": "error", "code": "conflict", "detail": "", "client_id": sent["client_id"]})
    await expect(pending(hers).locator(".pending-reason")).to_have_text(
        "This was already sent with other words."
    )
    line.let_go()
    await hers.get_by_role("button", name="Retry").click()
    await expect(message(hers, "Try me")).to_be_visible()
    await expect(pending(hers)).to_have_count(0)


async def test_after_too_many_changes_the_page_starts_afresh_and_keeps_the_draft(
    in_room: Any, server: Server, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect_broken_network()
    hers = await in_room(alice, room)
    await write(hers, "Long ago")
    await expect(message(hers, "Long ago")).to_be_visible()  # and not still waiting to be sent
    await hers.locator("#composer-text").fill("Half a thought")
    await aside(server.kill)
    try:
        await aside(post_many, bob, room, 301)
    finally:
        await aside(server.start)
    await expect(message(hers, "Number 300")).to_be_visible(timeout=30_000)
    await expect(hers.locator("#composer-text")).to_have_value("Half a thought")
    await expect(message(hers, "Long ago")).to_have_count(0)
    positions = await hers.locator("#timeline > .message").evaluate_all(
        "(all) => all.map((one) => Number(one.dataset.position))"
    )
    assert positions == list(range(positions[0], 303))


def post_many(person: Any, room: Room, number: int) -> None:
    with in_organisation(person.organisation):
        post_messages([Post(person.pk, room.pk, uuid.uuid4(), f"Number {n}") for n in range(number)])
