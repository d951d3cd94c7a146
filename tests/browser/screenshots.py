"""`make screenshots`: the pictures in docs/screenshots, taken of the demo organisation on servers of their own."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from config import embedded
from tests.browser.live import Server
from tests.servers import free_port

FOLDER = Path(embedded.PROJECT) / "docs" / "screenshots"
PERSON, PASSWORD = "alice@demo.example", "parley-demo"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP *.localhost 127.0.0.1"]


def main() -> None:
    with embedded.start() as servers, tempfile.TemporaryDirectory() as folder:
        os.environ.update(servers.environment)
        os.environ |= {
            "PARLEY_DEBUG": "1",
            "PARLEY_PUBLIC_PORT": str(free_port()),
            "PARLEY_DATA": folder,
            "PARLEY_LOG_LEVEL": "ERROR",
            "PARLEY_SPARE_SCHEMAS": "2",
        }
        subprocess.run([sys.executable, "-m", "config.prepare"], check=True, cwd=embedded.PROJECT)
        server = Server(Path(folder) / "log")
        server.start()
        try:
            asyncio.run(shoot_all(server))
        finally:
            server.stop()


async def shoot_all(server: Server) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = os.environ.get("PARLEY_CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        workspace = f"http://demo.localhost:{server.port}"
        await shoot_public_site(browser, server)
        await shoot_workspace(browser, workspace)
        await shoot_phone(browser, workspace)
        await browser.close()


async def shoot_public_site(browser: Browser, server: Server) -> None:
    page = await (await a_device(browser, WIDE)).new_page()
    await page.goto(server.url())
    await shoot(page, "home")
    await page.emulate_media(color_scheme="dark")
    await shoot(page, "home-dark")
    await page.emulate_media(color_scheme="light")
    await page.goto(server.url(path="/sign-up/"))
    await page.get_by_label("Organisation").fill("Harbour Ferries")
    await page.locator("#id_address_error .field-good").wait_for()
    await shoot(page, "sign-up")


async def shoot_workspace(browser: Browser, workspace: str) -> None:
    context = await a_device(browser, WIDE)
    page = await sign_in(context, workspace)
    await open_room(page, "product")
    await shoot(page, "room")
    await page.emulate_media(color_scheme="dark")
    await shoot(page, "room-dark")
    await page.emulate_media(color_scheme="light")
    await page.locator("#members-link").click()
    await page.locator("#panel-title").wait_for()
    await shoot(page, "members")
    await page.keyboard.press("Escape")
    await page.locator("#room-search-query").fill("ferry")
    await page.locator("#room-search-query").press("Enter")
    await page.locator("#panel .result").first.wait_for()
    await shoot(page, "search")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.locator("#switcher-list .option").first.wait_for()
    await shoot(page, "switcher")
    await page.keyboard.press("Escape")
    for name, path in {
        "people": "/people/",
        "invitations": "/invitations/",
        "profile": "/me/",
        "rooms": "/rooms/",
        "notifications": "/notifications/",
    }.items():
        await page.goto(workspace + path)
        await shoot(page, name)


async def shoot_phone(browser: Browser, workspace: str) -> None:
    context = await a_device(browser, PHONE, has_touch=True, is_mobile=True)
    page = await sign_in(context, workspace)
    await open_room(page, "general")
    await shoot(page, "phone")
    await page.get_by_role("button", name="Rooms", exact=True).click()
    await shoot(page, "phone-rooms")
    await page.emulate_media(color_scheme="dark")
    await shoot(page, "phone-rooms-dark")


async def a_device(browser: Browser, viewport: dict[str, int], **options: bool) -> BrowserContext:
    return await browser.new_context(
        viewport=viewport, locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce", **options
    )


async def sign_in(context: BrowserContext, workspace: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{workspace}/accounts/login/")
    await page.get_by_label("E-mail address").fill(PERSON)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await following(page, page.get_by_role("button", name="Sign in", exact=True).click)
    return page


async def open_room(page: Page, name: str) -> None:
    link = page.locator("#sidebar [data-room]").filter(has_text=name).first
    address = await link.get_attribute("href")
    await page.goto(page.url.split("/rooms/")[0] + str(address))
    await page.wait_for_load_state("networkidle")


async def following(page: Page, act: Callable[[], Awaitable[None]]) -> None:
    async with page.expect_navigation():
        await act()


async def shoot(page: Page, name: str) -> None:
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
