"""What a room's page weighs, and that nothing in it moves while it loads."""

import gzip
from typing import Any

from playwright.async_api import Page, Response, expect

from chat.models import Room
from tests.browser.pages import message
from tests.browser.watch import Watch

BUDGET = 120 * 1024  # bytes of CSS and JavaScript, compressed

NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push([entry.value, entry.sources.map((one) => one.node?.outerHTML?.slice(0, 120))]);
}).observe({ type: "layout-shift", buffered: true });
"""


async def test_css_and_javascript_of_a_room_stay_within_the_budget(
    in_room: Any, alice: Any, room: Room
) -> None:
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    async def note(page: Page) -> None:
        page.on("response", keep)

    await in_room(alice, room, before=note)
    sizes = {
        answer.url: len(gzip.compress(await answer.body(), 9))
        for answer in answers
        if answer.request.resource_type in ("stylesheet", "script")
    }
    assert len(sizes) > 10
    assert sum(sizes.values()) <= BUDGET, sorted(sizes.items(), key=lambda item: -item[1])


async def test_nothing_moves_while_a_room_loads(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room
) -> None:
    for number in range(30):
        await says(bob if number % 3 else alice, room, f"Number {number}\n\n`code` and **more** for @Alice")

    async def note(page: Page) -> None:
        await page.add_init_script(NOTE_SHIFTS)

    for width in (1440, 390):
        page = await in_room(alice, room, before=note, viewport={"width": width, "height": 800})
        await expect(message(page, "Number 29")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("window.shifts") == []


async def test_the_first_answer_has_the_messages(
    page_of: Any, says: Any, watch: Watch, alice: Any, room: Room
) -> None:
    watch.expect("failed: .* csp")  # how Chromium tells of scripts that it was told not to run
    await says(alice, room, "In the first answer")
    page = await page_of(alice, f"/rooms/r{room.pk}/", java_script_enabled=False)
    await expect(message(page, "In the first answer")).to_be_visible()
