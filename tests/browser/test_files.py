"""Files in a real browser: dropped, pasted and chosen, on their way, given up, and looked at."""

import asyncio
import re
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from playwright.async_api import Page, expect

from chat.models import Attachment, Room
from tenants.db import in_organisation
from tests.browser.live import Server
from tests.browser.test_accessibility import check
from tests.chat.files import picture, stored
from tests.jobs import run_waiting_jobs
from tests.sockets import aside

# A file as the browser hands it over, with `event` on `target`.
HAND_OVER = """
([target, event, name, type, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const options = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer };
  const element = document.querySelector(target);
  if (event === "paste") element.dispatchEvent(new ClipboardEvent(event, options));
  else for (const one of ["dragenter", "dragover", event]) element.dispatchEvent(new DragEvent(one, options));
}
"""


async def hand_over(page: Page, target: str, event: str, name: str, content: bytes) -> None:
    await page.evaluate(HAND_OVER, [target, event, name, "image/png", list(content)])


async def choose(page: Page, *files: tuple[str, bytes]) -> None:
    async with page.expect_file_chooser() as choosing:
        await page.get_by_role("button", name="Add files").click()
    chosen = [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files]
    await (await choosing.value).set_files(chosen)  # type: ignore[arg-type]


async def test_pictures_dropped_and_pasted_are_seen_by_others_without_a_shift(
    in_room: Any, alice: Any, bob: Any, room: Room
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await hand_over(hers, "#timeline", "drop", "dropped.png", picture(600, 300))
    await hand_over(hers, "#composer-text", "paste", "pasted.png", picture(200, 400))
    await expect(hers.locator(".upload.done")).to_have_count(2)
    await check(hers)
    await hers.locator("#composer-text").press("Enter")
    await expect(hers.locator(".upload")).to_have_count(0)
    pictures = his.locator("#timeline .file-picture")
    await expect(pictures).to_have_count(2)
    await expect(pictures.locator("img")).to_have_count(0)
    await his.wait_for_load_state("networkidle")
    before = [await pictures.nth(number).bounding_box() for number in range(2)]
    assert [(round(box["width"]), round(box["height"])) for box in before if box] == [(360, 180), (180, 360)]
    await aside(run_waiting_jobs)
    await expect(pictures.locator("img")).to_have_count(2)
    await his.wait_for_load_state("networkidle")
    assert [await pictures.nth(number).bounding_box() for number in range(2)] == before
    await check(his)

    await pictures.first.focus()
    await his.keyboard.press("Enter")
    box = his.get_by_role("dialog", name="Picture")
    await expect(box.get_by_role("img")).to_have_attribute("alt", "dropped.png")
    await check(his)
    await his.keyboard.press("ArrowRight")
    await expect(box.get_by_role("img")).to_have_attribute("alt", "pasted.png")
    await his.keyboard.press("ArrowRight")
    await expect(box.get_by_text("2 of 2")).to_be_visible()
    await his.keyboard.press("ArrowLeft")
    await expect(box.get_by_text("1 of 2")).to_be_visible()
    await his.keyboard.press("Escape")
    await expect(box).to_be_hidden()
    await expect(pictures.first).to_be_focused()


async def test_an_upload_shows_progress_and_what_is_cancelled_leaves_nothing(
    in_room: Any, alice: Any, room: Room
) -> None:
    before = await aside(stored, alice.organisation)
    page = await in_room(alice, room, viewport={"width": 360, "height": 740})
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    line = await page.context.new_cdp_session(page)
    await line.send("Network.emulateNetworkConditions", slow)
    await choose(page, ("long.txt", b"x" * 3_000_000), ("short.txt", b"Read me"))
    await expect(page.locator(".upload")).to_have_count(2)
    going = page.locator(".upload").filter(has_text="long.txt")
    await expect(going.locator(".upload-state")).to_have_text(re.compile(r"^[1-9]\d? %$"))
    await expect(page.locator("#composer-send")).to_be_disabled()
    await check(page)
    await page.get_by_role("button", name="Remove long.txt").click()
    await line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    await expect(page.locator(".upload.done")).to_have_count(1)
    await page.get_by_role("button", name="Remove short.txt").click()
    await expect(page.locator(".upload")).to_have_count(0)
    await expect(page.locator("#composer-text")).to_be_focused()
    await choose(page, ("kept.py", b"print('kept')\n"))
    await expect(page.locator(".upload.done")).to_have_count(1)
    await page.locator("#composer-text").fill("Look at this")
    await page.locator("#composer-text").press("Enter")
    await expect(page.locator("#timeline .file-excerpt")).to_have_text("print('kept')")
    async with page.expect_download() as downloading:
        await page.locator("#timeline a.file-card").click()
    assert (await downloading.value).suggested_filename == "kept.py"
    assert await aside(names_of, alice) == ["kept.py"]
    await aside(run_waiting_jobs)
    assert len(await aside(stored, alice.organisation) - before) == 1


async def test_the_rooms_files_are_in_a_panel(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    await choose(page, ("plan.txt", b"The plan"))
    await expect(page.locator(".upload.done")).to_have_count(1)
    await page.locator("#composer-text").press("Enter")
    await expect(page.locator("#timeline .file-card")).to_be_visible()
    await page.locator("#files-link").click()
    panel = page.locator("#panel")
    await expect(panel.get_by_role("link", name="plan.txt")).to_be_visible()
    await check(page)
    await panel.get_by_role("link", name="Pictures").click()
    await expect(panel.get_by_text("No file of this kind")).to_be_visible()


async def test_a_file_that_is_too_large_says_so_and_can_be_taken_out(
    in_room: Any, alice: Any, room: Room
) -> None:
    page = await in_room(alice, room)
    await page.locator("#composer").evaluate("form => form.dataset.largest = 10")
    await choose(page, ("large.txt", b"x" * 11))
    await expect(page.locator(".upload.failed .upload-state")).to_have_text("Larger than 10 byte.")
    await page.locator("#composer-text").fill("Hello")
    await expect(page.locator("#composer-send")).to_be_disabled()
    await page.get_by_role("button", name="Remove large.txt").click()
    await expect(page.locator("#composer-send")).to_be_enabled()


async def test_an_upload_whose_line_breaks_leaves_nothing(
    context_of: Any, server: Server, alice: Any, room: Room
) -> None:
    """A real socket, closed in the middle of the body."""
    context = await context_of(alice)
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in await context.cookies())
    before, spooled = await aside(stored, alice.organisation), await aside(half_received)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = (
        f"POST /rooms/r{room.pk}/files/ HTTP/1.1\r\nHost: {alice.organisation.host}\r\nCookie: {cookies}\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: 9000000\r\n\r\n"
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    )
    writer.write(head.encode() + bytes(5_000_000))
    await writer.drain()
    writer.transport.abort()
    # The server answers others meanwhile, and has nothing of it: no row, no file, nothing spooled by name.
    page = await context.new_page()
    await page.goto(alice.organisation.url(f"/rooms/r{room.pk}/files/"))
    await expect(page.get_by_text("No file was posted here yet.")).to_be_visible()
    assert await aside(names_of, alice) == []
    assert await aside(stored, alice.organisation) == before
    assert await aside(half_received) == spooled


def names_of(person: Any) -> list[str]:
    with in_organisation(person.organisation):
        return list(Attachment.objects.values_list("name", flat=True))


def half_received() -> set[str]:
    """What Django keeps of uploads that it is receiving."""
    return {one.name for one in Path(gettempdir()).glob("*.upload*")}
