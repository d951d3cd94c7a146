"""Code, formulas, tables and spoilers in messages: read, opened, copied and written in a real browser."""

from typing import Any

from playwright.async_api import Page, expect

from chat.models import Message, Room
from chat.reactions import add_reaction
from tenants.db import in_organisation
from tests.browser.pages import message
from tests.browser.test_accessibility import check
from tests.sockets import aside

LONG = "\n".join(f"line_{number} = {number}" for number in range(1, 41))


def react(person: Any, room: Room) -> None:
    with in_organisation(person.organisation):
        add_reaction(person, room.pk, Message.objects.filter(room=room).latest("pk").pk, "🎉")


async def is_wider_than_the_page(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > innerWidth"))


async def test_a_spoiler_opens_by_pointer_and_by_keyboard(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    await says(alice, room, "It was ||the butler, see https://a.example/||")
    page = await in_room(bob, room)
    spoiler = message(page, "It was").locator(".spoiler")
    inside = spoiler.locator(".spoiler-inside")
    await expect(inside).to_have_attribute("inert", "")
    assert await inside.evaluate("one => getComputedStyle(one).color") == "rgba(0, 0, 0, 0)"
    await check(page)
    await spoiler.click(position={"x": 60, "y": 8})
    await expect(inside).not_to_have_attribute("inert", "")
    assert await inside.evaluate("one => getComputedStyle(one).color") != "rgba(0, 0, 0, 0)"
    await check(page)
    await aside(react, alice, room)
    await expect(message(page, "It was").locator(".reaction")).to_be_visible()
    await expect(inside).not_to_have_attribute("inert", "")
    await page.get_by_role("button", name="Hide the spoiler").focus()
    await page.keyboard.press("Enter")
    await expect(inside).to_have_attribute("inert", "")
    await expect(page.get_by_role("button", name="Show the spoiler")).to_have_attribute(
        "aria-expanded", "false"
    )


async def test_long_code_is_folded_numbered_and_copied(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, f"```python main.py\n{LONG}\n{'x' * 400}\n```")
    page = await in_room(alice, room, viewport={"width": 360, "height": 740})
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    snippet = page.locator(".snippet")
    await expect(snippet.locator(".snippet-head")).to_contain_text("main.py")
    await expect(snippet.locator(".snippet-numbers")).to_contain_text("41")
    await expect(snippet.locator("pre")).not_to_contain_text("41\n")
    assert not await is_wider_than_the_page(page)
    folded = await snippet.bounding_box()
    await check(page)
    await page.get_by_role("button", name="Show all 41 lines").click()
    opened = await snippet.bounding_box()
    assert folded and opened and opened["height"] > folded["height"] + 100
    await expect(page.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
    await snippet.get_by_role("button", name="Copy the code").click()
    await expect(page.locator("#announcer")).to_have_text("Copied.")
    assert (await page.evaluate("navigator.clipboard.readText()")).startswith("line_1 = 1\nline_2 = 2\n")


async def test_formulas_and_wide_tables_are_drawn_within_the_page(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    head = "|".join(f"column number {number}" for number in range(12))
    await says(alice, room, f"|{head}|\n|{'-|' * 12}\n|{'1|' * 12}")
    await says(alice, room, "For $5: $x^2$\n\n$$\n" + "+".join(["\\frac{a}{b}"] * 60) + "\n$$")
    page = await in_room(alice, room, viewport={"width": 360, "height": 740})
    await expect(page.locator("msup")).to_be_visible()
    await expect(page.locator("mfrac")).to_have_count(60)
    await expect(page.locator(".wide table")).to_be_visible()
    assert not await is_wider_than_the_page(page)
    scrolled = "one => one.scrollWidth > one.clientWidth && one.tabIndex === 0"
    assert await page.locator(".wide").evaluate(scrolled)
    assert await page.locator(".formula").evaluate(scrolled)
    await check(page)


async def test_a_snippet_is_sent_from_its_dialog(in_room: Any, alice: Any, bob: Any, room: Room) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await hers.get_by_role("button", name="Add something else").press("Enter")
    await expect(hers.get_by_role("menuitem", name="Code snippet")).to_be_focused()
    await check(hers)
    await hers.keyboard.press("Escape")
    await expect(hers.get_by_role("button", name="Add something else")).to_be_focused()
    await hers.keyboard.press("Enter")
    await expect(hers.get_by_role("menuitem", name="Code snippet")).to_be_focused()
    await hers.keyboard.press("Enter")
    dialog = hers.get_by_role("dialog", name="Code snippet")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_role("alert")).to_have_text("There is nothing in it.")
    await check(hers)
    await dialog.get_by_label("Name").fill("run.sh")
    await dialog.get_by_label("Code").fill("echo ```x```\n")
    await dialog.get_by_label("Code").press("Control+Enter")
    await expect(dialog).to_be_hidden()
    await expect(hers.locator("#composer-text")).to_be_focused()
    await expect(his.locator(".snippet")).to_contain_text("run.sh")
    await expect(his.locator(".snippet pre")).to_have_text("echo ```x```\n")


async def test_code_too_long_for_a_message_becomes_a_file_that_opens_in_it(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await hers.get_by_role("button", name="Add something else").click()
    await hers.get_by_role("menuitem", name="Code snippet").click()
    dialog = hers.get_by_role("dialog", name="Code snippet")
    await dialog.get_by_label("Name").fill("all.py")
    whole = "\n".join(f"line_{number} = {number}" for number in range(1, 1001))
    await dialog.get_by_label("Code").fill(whole)
    await dialog.get_by_role("button", name="Send").click()
    await expect(hers.locator(".upload.done")).to_contain_text("all.py")
    await hers.locator("#composer-text").press("Enter")
    snippet = his.locator(".file .snippet")
    await expect(snippet.locator("pre")).to_contain_text("line_20 = 20")
    await expect(snippet.locator("pre")).not_to_contain_text("line_21")
    await his.get_by_role("button", name="Show all of it").click()
    await expect(snippet.locator("pre")).to_have_text(whole)
    await expect(snippet.locator(".snippet-numbers")).to_contain_text("1000")
    await check(his)


async def test_a_spoiler_stays_covered_with_forced_colours(
    in_room: Any, says: Any, alice: Any, room: Room
) -> None:
    await says(alice, room, "The end: ||he rows||")
    page = await in_room(alice, room)
    await page.emulate_media(forced_colors="active")
    inside = message(page, "The end").locator(".spoiler-inside")
    seen = "one => Number(getComputedStyle(one).opacity)"
    assert await inside.evaluate(seen) == 0
    await page.get_by_role("button", name="Show the spoiler").click()
    assert await inside.evaluate(seen) == 1
