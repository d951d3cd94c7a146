"""A long room: loading both ways, a bounded page, permalinks; what is being read stays where it is."""

import uuid
from typing import Any

from playwright.async_api import Page, Route, expect

from chat.messages import post_messages
from chat.models import Message, Room
from chat.posts import Post, Posted
from chat.unread import mark_read
from tenants.db import in_organisation
from tests.browser.pages import act, message, next_frame, write
from tests.browser.watch import Watch
from tests.sockets import aside

MANY = 600
MOST = 300  # messages that a page keeps (window.js)

# Where the first message in sight stands: {id, top}.
READING = """(scroller) => {
  const top = scroller.getBoundingClientRect().top;
  const one = [...scroller.querySelectorAll("#timeline > .message")].find(
    (each) => each.getBoundingClientRect().top >= top);
  return { id: one.id, top: one.getBoundingClientRect().top };
}"""
TOP_OF = "(scroller, id) => document.getElementById(id)?.getBoundingClientRect().top"


def fill(person: Any, room: Room, number: int = MANY) -> list[Posted]:
    """So many messages, of different heights."""
    texts = [f"Number {n}" + "\n\nwith a second line" * (n % 3) for n in range(1, number + 1)]
    answers: list[Posted] = []
    with in_organisation(person.organisation):
        for start in range(0, number, 500):
            posts = [Post(person.pk, room.pk, uuid.uuid4(), text) for text in texts[start : start + 500]]
            answers += [answer for answer in post_messages(posts) if isinstance(answer, Posted)]
    return answers


def read_all(person: Any, room: Room) -> None:
    """The person has read everything, so the room opens at its newest message."""
    with in_organisation(person.organisation):
        mark_read(person.pk, room.pk, Room.objects.get(pk=room.pk).messages)


async def ends(page: Page) -> tuple[int, int]:
    """The first and the last position in the page."""
    return tuple(
        await page.locator("#timeline").evaluate(
            "(timeline) => [...timeline.querySelectorAll(':scope > .message')].map("
            "(one) => Number(one.dataset.position)).filter((_, at, all) => at === 0 || at === all.length - 1)"
        )
    )


async def load_once(page: Page, direction: str) -> None:
    """Scroll near an end; when more was loaded, what was being read still stands where it stood."""
    scroller = page.locator("#scroller")
    before = await ends(page)
    near = "700" if direction == "older" else "scroller.scrollHeight - scroller.clientHeight - 700"
    await scroller.evaluate(f"(scroller) => {{ scroller.scrollTop = {near} }}")
    reading = await scroller.evaluate(READING)
    end = 0 if direction == "older" else 1
    while (await ends(page))[end] == before[end]:
        await next_frame(page)
    await next_frame(page)
    assert abs(await scroller.evaluate(TOP_OF, reading["id"]) - reading["top"]) <= 2
    assert await page.locator("#timeline > .message").count() <= MOST


async def test_scrolling_up_and_down_keeps_the_place_and_bounds_the_page(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    await aside(fill, bob, room)
    await aside(read_all, alice, room)
    hers = await in_room(alice, room)
    assert await ends(hers) == (MANY - 49, MANY)
    while (await ends(hers))[0] > 1:
        await load_once(hers, "older")
    assert await ends(hers) == (1, MOST)
    await expect(hers.locator("#beginning")).to_be_visible()
    while (await ends(hers))[1] < MANY:
        await load_once(hers, "newer")
    assert await ends(hers) == (MANY - MOST + 1, MANY)


async def test_messages_that_arrive_below_do_not_move_who_reads_above(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await aside(fill, bob, room, 120)
    await aside(read_all, alice, room)
    hers = await in_room(alice, room)
    scroller = hers.locator("#scroller")
    await scroller.evaluate("(scroller) => { scroller.scrollTop = 2000 }")
    reading = await scroller.evaluate(READING)
    await says(bob, room, "Down below")
    await expect(message(hers, "Down below")).to_have_count(1)
    await expect(message(hers, "Down below")).not_to_be_in_viewport()
    assert abs(await scroller.evaluate(TOP_OF, reading["id"]) - reading["top"]) <= 1


async def test_an_end_that_cannot_be_loaded_is_asked_for_at_growing_intervals(
    in_room: Any, watch: Watch, alice: Any, bob: Any, room: Room
) -> None:
    watch.expect("503")
    await aside(fill, bob, room, 120)
    await aside(read_all, alice, room)
    hers = await in_room(alice, room)
    asked: list[str] = []

    async def fail(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=503)

    await hers.route("**/messages/?before=*", fail)
    await hers.locator("#scroller").evaluate("(scroller) => { scroller.scrollTop = 0 }")
    for _ in range(120):
        await next_frame(hers)
    assert 1 <= len(asked) <= 6
    await hers.unroute("**/messages/?before=*", fail)
    await expect(message(hers, "Number 21").first).to_be_attached()


async def test_a_permalink_opens_around_its_message_and_shows_which_it_is(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    posted = await aside(fill, bob, room, 300)
    hers = await in_room(alice, room, f"?message=m{posted[99].message_id}")
    linked = hers.locator("#timeline > .message.linked")
    await expect(linked).to_contain_text("Number 100")
    await expect(linked).to_be_in_viewport()
    first, last = await ends(hers)
    assert first < 80 and 120 < last < 130
    await write(hers, "From the middle of it")
    await expect(message(hers, "From the middle of it")).to_be_in_viewport()
    assert (await ends(hers))[1] == 301


async def test_a_link_copied_from_a_message_leads_to_it(
    in_room: Any, alice: Any, bob: Any, room: Room, says: Any
) -> None:
    await says(bob, room, "Look here")
    hers = await in_room(alice, room, permissions=["clipboard-read", "clipboard-write"])
    await act(hers, "Look here", "Copy link")
    await expect(hers.locator(".toast")).to_have_text("The link was copied.")
    address = await hers.evaluate("navigator.clipboard.readText()")
    await hers.goto(address)
    await expect(hers.locator("#timeline > .message.linked")).to_contain_text("Look here")


async def test_a_room_of_5000_messages_opens_with_fifty(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    await aside(fill, bob, room, 5000)
    hers = await in_room(alice, room)
    assert await ends(hers) == (1, 50)  # she has read nothing: where reading ended
    await expect(hers.locator("#timeline > .divider.new")).to_be_in_viewport()
    await aside(read_all, alice, room)
    await hers.reload()
    assert await ends(hers) == (4951, 5000)
    await write(hers, "And one more")
    await expect(message(hers, "And one more")).to_be_in_viewport()
    assert await aside(count, alice, room) == 5001


def count(person: Any, room: Room) -> int:
    with in_organisation(person.organisation):
        return Message.objects.filter(room=room).count()
