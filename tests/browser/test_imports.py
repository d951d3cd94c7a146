"""Bringing a Slack export in a real browser: the report, the progress, and rooms that appear on open pages."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from chat.slack import fetching, working
from tests.browser.test_accessibility import check
from tests.chat import slack_exports as exports
from tests.jobs import run_waiting_jobs
from tests.sockets import aside


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "fetch_next", lambda import_id: False)


@pytest.mark.parametrize("width", [1440, 360])
async def test_an_export_is_checked_begun_and_arrives(
    page_of: Any, alice: Any, bob: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    path = exports.packed(exports.small(), tmp_path / "acme.zip")
    hers = await page_of(alice, "/organisation/imports/", viewport={"width": width, "height": 800})
    his = await page_of(bob)
    await check(hers)
    await hers.get_by_label("Export from Slack").set_input_files(str(path))
    await hers.get_by_role("button", name="Upload and check").press("Enter")
    await expect(hers.locator("#progress")).to_contain_text("Being checked")
    await check(hers)
    await aside(run_waiting_jobs)
    begin = hers.get_by_role("button", name="Begin the import")
    await expect(begin).to_be_visible()  # by itself: the page asks how far it is
    for name in ("Who is who", "Rooms"):
        await hers.get_by_text(name, exact=True).click()
    await check(hers)
    assert await hers.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await begin.press("Enter")
    await expect(hers.get_by_role("progressbar")).to_be_visible()
    await check(hers)
    await aside(run_waiting_jobs)
    await expect(hers.locator("#progress")).to_contain_text("messages are here")
    await check(hers)
    await expect(his.locator("#sidebar").get_by_text("general (Slack)")).to_be_visible()
    await his.get_by_text("general (Slack)").click()
    await expect(his.locator("#timeline")).to_contain_text("told the room too")
    await check(his)


async def test_an_import_is_stopped_and_gone_on_with(
    page_of: Any, alice: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exports.packed(exports.small(), tmp_path / "acme.zip")
    page = await page_of(alice, "/organisation/imports/")
    await page.get_by_label("Export from Slack").set_input_files(str(path))
    await page.get_by_role("button", name="Upload and check").click()
    await aside(run_waiting_jobs)
    await page.get_by_role("button", name="Begin the import").click()
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("you can go on at any time")).to_be_visible()
    await page.get_by_role("button", name="Go on").click()
    monkeypatch.setattr(working, "SLICE", 0.0)
    await aside(run_waiting_jobs)
    await expect(page.locator("#progress")).to_contain_text("Done")
