"""Every page at 360 pixels, at 200 % zoom, from right to left, and without motion (WCAG 2.2, 1.4.10 and 2.3.3)."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from chat.models import Room
from tests.browser.test_accessibility import check

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikantenverband"
# What sticks out sideways: fixed and scrolling boxes aside, which have their own way to be reached.
STICKING_OUT = """
() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (node) => {
    for (let one = node; one && one !== document.body; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.overflowX !== "visible" || style.position === "fixed" || style.position === "absolute") return true;
    }
    return false;
  };
  const out = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > width + 1 || box.left < -1) && !scrolls(one);
  });
  return [document.documentElement.scrollWidth > width + 1, out.slice(0, 5).map((one) => one.outerHTML.slice(0, 160))];
}
"""
PAGES = (
    "/rooms/r{room}/",
    "/rooms/r{room}/details/",
    "/rooms/r{room}/memberships/",
    "/rooms/",
    "/rooms/new/",
    "/directs/",
    "/threads/",
    "/mentions/",
    "/saved/",
    "/drafts/",
    "/reminders/",
    "/scheduled/",
    "/catch-up/",
    "/around/",
    "/search/?q=mentioned",
    "/notifications/",
    "/me/",
    "/me/sessions/",
    "/people/",
    "/people/p{bob}/",
    "/groups/",
    "/blocks/",
    "/emoji/",
    "/invitations/",
    "/organisation/",
    "/organisation/look/",
    "/organisation/files/",
    "/organisation/imports/",
    "/organisation/profile-fields/",
    "/accounts/password/change/",
    "/offline/",
)
# 1280 pixels at 200 % are 640 of the page's.
SIZES = {"a small phone": (360, 740), "200 % zoom": (640, 400)}


@pytest.fixture
async def _talk(says: Any, alice: Any, bob: Any, room: Room) -> None:
    await says(bob, room, f"@Alice is mentioned beside {LONG} {LONG}")
    await says(alice, room, f"```python\n{LONG * 3}\n```\n\n| a | b |\n|---|---|\n| {LONG} | {LONG} |")
    await says(alice, room, "شكرا جزيلا, שלום and https://example.com/" + LONG.lower().replace("ä", "a"))


@pytest.mark.usefixtures("_talk")
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("size", SIZES)
async def test_nothing_sticks_out(
    page_of: Any, alice: Any, bob: Any, room: Room, size: str, direction: str
) -> None:
    width, height = SIZES[size]

    async def turn(page: Page) -> None:
        script = f"document.addEventListener('DOMContentLoaded', () => (document.documentElement.dir = '{direction}'))"
        await page.add_init_script(script)

    # Without motion, because the sidebar would slide when the direction turns.
    page = await page_of(
        alice, "/", before=turn, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    found = []
    for path in PAGES:
        await page.goto(alice.organisation.url(path.format(room=room.pk, bob=bob.pk)))
        await page.wait_for_load_state("load")
        scrolls, out = await page.evaluate(STICKING_OUT)
        if scrolls or out:
            found.append((path, scrolls, out))
    assert not found


@pytest.mark.usefixtures("_talk")
async def test_a_room_from_right_to_left_works(in_room: Any, alice: Any, room: Room) -> None:
    async def turn(page: Page) -> None:
        await page.add_init_script(
            "document.addEventListener('DOMContentLoaded', () => (document.documentElement.dir = 'rtl'))"
        )

    page = await in_room(alice, room, before=turn)
    sidebar, timeline = page.locator("#sidebar"), page.locator("#timeline")
    left = await timeline.bounding_box()
    right = await sidebar.bounding_box()
    assert left and right and left["x"] < right["x"]
    one = page.locator("#timeline > .message").first
    await one.hover()
    bar = page.get_by_role("toolbar", name="Message")
    await expect(bar).to_be_visible()
    place, message = await bar.bounding_box(), await one.bounding_box()
    assert place and message
    assert place["x"] + place["width"] < message["x"] + message["width"] / 2  # at the end of the line
    await bar.get_by_role("button", name="More").click()
    menu = await page.get_by_role("menu", name="More for this message").bounding_box()
    assert menu and menu["x"] >= 0
    await check(page)


async def test_nothing_moves_for_who_asked_for_no_motion(in_room: Any, alice: Any, room: Room) -> None:
    async def still(page: Page) -> None:
        await page.emulate_media(reduced_motion="reduce")

    page = await in_room(alice, room, before=still)
    moving = "[...document.querySelectorAll('*')].filter((one) => { const style = getComputedStyle(one); return parseFloat(style.transitionDuration) > 0 && style.transitionProperty !== 'none' || style.animationName !== 'none'; }).length"
    assert await page.evaluate(moving) == 0
