"""Writing in a thread's panel: files, who is typing, and what is new."""

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from chat.messages import post_messages
from chat.models import Message, Room
from chat.posts import Post, Posted
from tenants.db import in_organisation
from tests.browser.pages import act_on, look_away, look_back, next_frame, texts
from tests.browser.test_accessibility import check
from tests.browser.test_files import hand_over
from tests.browser.test_threads import answer, replies, reply
from tests.chat.files import picture
from tests.sockets import aside

FIELD = "Reply in this thread"


async def open_thread(page: Page) -> None:
    await page.locator("#timeline .thread-summary").click()
    await expect(page.get_by_label(FIELD)).to_be_focused()


def new_line(page: Page) -> Locator:
    return page.locator("#thread-list > .divider.new")


async def after_the_line(page: Page) -> str:
    """The reply before which the "New" line stands."""
    return await new_line(page).evaluate(
        "line => line.nextElementSibling.querySelector('.prose').textContent.trim()"
    )


@pytest.mark.parametrize("width", [1440, 360])
async def test_files_go_into_the_thread(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, width: int
) -> None:
    root = await says(alice, room, "Lunch?")
    await aside(reply, bob, room, root, "Yes")
    page = await in_room(alice, room, viewport={"width": width, "height": 740})
    await open_thread(page)
    await hand_over(page, "#thread-list", "drop", "dropped.png", picture(60, 30))
    await hand_over(page, "#thread-text", "paste", "pasted.png", picture(20, 40))
    async with page.expect_file_chooser() as choosing:
        await page.locator("#thread").get_by_role("button", name="Add files").click()
    await (await choosing.value).set_files(
        [{"name": "chosen.txt", "mimeType": "text/plain", "buffer": b"Menu"}]
    )
    await expect(page.locator("#thread .upload.done")).to_have_count(3)
    await expect(page.locator("#composer .upload")).to_have_count(0)
    await check(page)
    await page.get_by_role("button", name="Remove pasted.png").click()
    await expect(page.locator("#thread .upload")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_have_count(0)
    await open_thread(page)
    await expect(page.locator("#thread .upload.done")).to_have_count(2)
    await page.get_by_label(FIELD).press("Enter")
    sent = replies(page).last
    await expect(sent.locator(".file")).to_have_count(2)
    await expect(page.locator("#thread .upload")).to_have_count(0)
    await expect(page.locator("#timeline .file")).to_have_count(0)
    assert await aside(in_threads, alice) == [True, True]


def in_threads(person: Any) -> list[bool]:
    with in_organisation(person.organisation):
        found = Message.objects.filter(attachments__isnull=False)
        return [message.thread_id is not None and message.position is None for message in found]


async def test_who_types_in_a_thread_is_shown_there_alone(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    for text in ("Lunch?", "Dinner?"):
        await aside(reply, bob, room, await says(alice, room, text), "Yes")
    hers, his = await in_room(alice, room), await in_room(bob, room)
    for page in (hers, his):
        await page.locator("#timeline .thread-summary").first.click()
        await expect(page.get_by_label(FIELD)).to_be_focused()
    await his.get_by_label(FIELD).press_sequentially("At")
    await expect(hers.locator("#thread .typing")).to_have_text("Bob is typing…")
    await expect(hers.locator("#typing")).to_have_text("")
    await hers.locator("#timeline .thread-summary").last.click()
    await expect(hers.locator("#thread-root .prose")).to_have_text("Dinner?")
    await expect(hers.locator("#thread .typing")).to_have_text("")
    await his.locator("#composer-text").press_sequentially("In the room")
    await expect(hers.locator("#typing")).to_have_text("Bob is typing…")
    await expect(hers.locator("#thread .typing")).to_have_text("")
    await hers.locator("#timeline .thread-summary").first.click()
    await expect(hers.locator("#thread-root .prose")).to_have_text("Lunch?")
    await his.get_by_label(FIELD).press_sequentially(" noon")
    await expect(hers.locator("#thread .typing")).to_have_text("Bob is typing…")
    await his.get_by_label(FIELD).press("Enter")
    await expect(replies(hers).last).to_contain_text("At noon")
    await expect(hers.locator("#thread .typing")).to_have_text("")


async def test_a_line_stands_before_what_was_not_read(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Lunch?")
    await aside(reply, bob, room, root, "One")
    page = await in_room(alice, room)
    await open_thread(page)
    assert await after_the_line(page) == "One"
    await expect_read(page)
    await look_away(page)
    await aside(reply, bob, room, root, "Two")
    await expect(replies(page)).to_have_count(2)
    assert await after_the_line(page) == "Two"
    await aside(reply, bob, room, root, "Three")
    await expect(replies(page)).to_have_count(3)
    assert await after_the_line(page) == "Two"
    await expect(new_line(page)).to_have_count(1)
    await check(page)
    await look_back(page)
    await expect_read(page)
    await page.keyboard.press("Escape")
    await open_thread(page)
    await expect(replies(page)).to_have_count(3)
    await expect(new_line(page)).to_have_count(0)


async def expect_read(page: Page) -> None:
    await expect(page.locator("#sidebar [data-threads] [data-badge]")).to_be_hidden()


async def test_a_long_thread_opens_at_the_line(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Lunch?")
    for number in range(12):
        await aside(reply, alice, room, root, f"Said {number}")
    for number in range(40):
        await aside(reply, bob, room, root, f"Number {number}")
    page = await in_room(alice, room)
    await open_thread(page)
    await expect(new_line(page)).to_be_in_viewport()
    assert await after_the_line(page) == "Number 0"
    await expect(page.locator("#sidebar [data-threads] [data-badge]")).to_have_text("40")
    other = await in_room(bob, room)
    await open_thread(other)
    await expect(replies(other).last).to_be_in_viewport()
    await expect(new_line(other)).to_have_count(0)


async def test_unread_from_a_reply_on_by_keyboard_on_all_devices(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Lunch?")
    for text in ("One", "Two", "Three"):
        await aside(reply, bob, room, root, text)
    page, other = await in_room(alice, room), await in_room(alice, room)
    for one in (page, other):
        await open_thread(one)
        await expect_read(one)
    await replies(page).filter(has_text="Two").focus()
    await page.keyboard.press("u")
    await expect(page.locator("#announcer")).to_have_text("Unread from this reply on.")
    for one in (page, other):
        await expect(one.locator("#sidebar [data-threads] [data-badge]")).to_have_text("2")
        await expect(new_line(one)).to_have_count(1)
        assert await after_the_line(one) == "Two"
    await aside(reply, bob, room, root, "Four")
    for one in (page, other):
        await expect(replies(one)).to_have_count(4)
        await look_back(one)
        await expect(one.locator("#sidebar [data-threads] [data-badge]")).to_have_text("3")
    await page.get_by_label(FIELD).focus()
    await answer(page, "Mine")
    for one in (page, other):
        await expect_read(one)
    await act_on(page, replies(page).first, "Mark unread from here")
    await expect(page.locator("#sidebar [data-threads] [data-badge]")).to_have_text("4")
    await page.get_by_label(FIELD).focus()
    await page.keyboard.press("Escape")
    await open_thread(page)
    await expect_read(page)


@pytest.mark.parametrize("width", [1440, 360])
async def test_polls_lists_and_snippets_go_into_the_thread(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, width: int
) -> None:
    root = await says(alice, room, "Lunch?")
    await aside(reply, bob, room, root, "Yes")
    page = await in_room(alice, room, viewport={"width": width, "height": 740})
    await open_thread(page)
    field = page.get_by_label(FIELD)
    await page.locator("#thread-more").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Code snippet")).to_be_focused()
    await check(page)
    await page.get_by_role("menuitem", name="Poll").click()
    dialog = page.get_by_role("dialog", name="Poll")
    await dialog.get_by_label("Question").fill("Where?")
    for number, text in enumerate(("Inside", "Outdoors"), 1):
        await dialog.get_by_label(f"Option {number}", exact=True).fill(text)
    await dialog.get_by_role("button", name="Send").click()
    await expect(field).to_be_focused()
    poll = replies(page).filter(has_text="Where?")
    await poll.get_by_role("button", name="Inside: 0 votes, 0 %").focus()
    await page.keyboard.press("Enter")
    await expect(poll.get_by_role("button", name="Inside: 1 vote, 100 %")).to_be_focused()
    await field.fill("/todo")
    await field.press("Enter")
    dialog = page.get_by_role("dialog", name="To-do list")
    await dialog.get_by_label("Title").fill("Bring")
    await dialog.get_by_label("Item 1", exact=True).fill("Salad")
    await dialog.get_by_role("button", name="Save").click()
    await expect(replies(page).filter(has_text="Bring")).to_contain_text("Salad")
    await page.locator("#thread-more").click()
    await page.get_by_role("menuitem", name="Code snippet").click()
    await page.get_by_role("dialog", name="Code snippet").locator("textarea").fill("eat()")
    await page.keyboard.press("ControlOrMeta+Enter")
    await expect(field).to_be_focused()
    await expect(replies(page).last).to_contain_text("eat()")
    await field.fill("/poll When? | Noon | One")
    await field.press("Enter")
    await expect(replies(page).last).to_contain_text("When?")
    await field.fill("/topic Lunch")
    await field.press("Enter")
    await expect(page.locator("#thread .answer")).to_contain_text("The topic is now: Lunch")
    await expect(page.locator("#thread .answer")).to_be_in_viewport()
    await check(page)
    await page.get_by_role("button", name="Close this answer").click()
    await expect(field).to_be_focused()
    assert await texts(page) == ["Lunch?"]


async def test_whatever_is_posted_in_a_thread_goes_to_the_room_as_well_if_it_is_to(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Lunch?")
    await aside(reply, bob, room, root, "Yes")
    page = await in_room(alice, room)
    await open_thread(page)
    also, field = page.get_by_label("Also send to"), page.get_by_label(FIELD)

    async def expect_in_both(text: str) -> None:
        await expect(replies(page).last).to_contain_text(text)
        await expect(page.locator("#timeline > .message").last).to_contain_text(text)
        await expect(also).not_to_be_checked()

    await also.check()
    await page.locator("#thread-more").click()
    await page.get_by_role("menuitem", name="Poll").click()
    poll = page.get_by_role("dialog", name="Poll")
    await poll.get_by_role("button", name="Cancel").click()
    await expect(also).to_be_checked()
    await page.locator("#thread-more").click()
    await page.get_by_role("menuitem", name="Poll").click()
    await poll.get_by_label("Question").fill("Where?")
    for number, text in enumerate(("Inside", "Outdoors"), 1):
        await poll.get_by_label(f"Option {number}", exact=True).fill(text)
    await poll.get_by_role("button", name="Send").click()
    await expect_in_both("Where?")
    await also.check()
    await field.fill("/todo")
    await field.press("Enter")
    todo = page.get_by_role("dialog", name="To-do list")
    await todo.get_by_label("Title").fill("Bring")
    await todo.get_by_label("Item 1", exact=True).fill("Salad")
    await todo.get_by_role("button", name="Save").click()
    await expect_in_both("Bring")
    await also.check()
    await page.locator("#thread-more").click()
    await page.get_by_role("menuitem", name="Code snippet").click()
    await page.get_by_role("dialog", name="Code snippet").locator("textarea").fill("eat()")
    await page.keyboard.press("ControlOrMeta+Enter")
    await expect_in_both("eat()")
    await also.check()
    await field.fill("/me is there at noon")
    await field.press("Enter")
    await expect_in_both("is there at noon")


async def test_a_link_to_a_reply_far_back_opens_there(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Count")
    said = await aside(count_to, bob, room, root, 400)
    page = await in_room(alice, room, f"?message=m{said[30].message_id}")
    linked = page.locator(f"#thread-m{said[30].message_id}")
    await expect(linked).to_have_class(re.compile("linked"))
    await expect(linked).to_be_in_viewport()
    await expect(replies(page)).to_have_count(50)
    badge = page.locator("#sidebar [data-threads] [data-badge]")
    await expect(badge).to_have_text("400")
    await aside(reply, bob, room, root, "Live")
    await expect(badge).to_have_text("401")
    await expect(replies(page)).to_have_count(50)  # it belongs beyond what is loaded
    for button, count in (("Earlier", 56), ("Later", 106), ("Later", 156)):
        await page.get_by_role("button", name=f"{button} replies").focus()
        await next_frame(page)
        before = await linked.bounding_box()
        await page.keyboard.press("Enter")
        await expect(replies(page)).to_have_count(count)
        after = await linked.bounding_box()
        assert before and after and abs(before["y"] - after["y"]) < 1  # what scrolls, scrolls whole pixels
        if button == "Earlier":
            await expect(replies(page).first).to_be_focused()  # the button is not there any more
    await check(page)
    await page.get_by_role("button", name="To the newest").press("Enter")
    await expect(page.get_by_label(FIELD)).to_be_focused()
    await expect(replies(page).last).to_contain_text("Live")
    await expect(replies(page).last).to_be_in_viewport()
    await expect(replies(page)).to_have_count(50)
    await expect_read(page)


async def test_who_replies_far_back_is_taken_to_the_newest(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    root = await says(alice, room, "Count")
    said = await aside(count_to, bob, room, root, 120)
    page = await in_room(alice, room, f"?message=m{said[10].message_id}")
    await expect(page.locator(f"#thread-m{said[10].message_id}")).to_be_in_viewport()
    await page.get_by_label(FIELD).focus()
    await answer(page, "I see")
    await expect(replies(page).last).to_contain_text("I see")
    await expect(replies(page).last).to_be_in_viewport()
    places = await replies(page).evaluate_all("all => all.map((one) => Number(one.dataset.reply))")
    assert places == list(range(places[0], 122))


def count_to(person: Any, room: Room, root: Posted, most: int) -> list[Posted]:
    posts = [
        Post(person.pk, room.pk, uuid.uuid4(), f"Number {number}", thread_id=root.message_id)
        for number in range(most)
    ]
    with in_organisation(person.organisation):
        return [one for one in post_messages(posts) if isinstance(one, Posted)]
