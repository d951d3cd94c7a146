"""From the public site to the first message, and from an invitation to the first reply."""

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.live import Live, Server
from tests.browser.pages import code_in, enter, message, write

PASSWORD = "seven green bicycles"


async def mail_to(page: Page, server: Server, email: str) -> str:
    """The text of the newest mail to an address, from the page of the public site."""
    mails = page.locator("article").filter(has_text=f"to {email}")
    await page.goto(server.url(path="/mail/"))
    while not await mails.count():
        # The worker posts it when it does; the page is a plain one and does not tell.
        await page.reload()
    return await mails.first.locator(".mail-body").inner_text()


async def test_an_organisation_signs_itself_up_and_talks(
    stranger: Page, context_of: Any, server: Server, worker: Live
) -> None:
    page = stranger
    await page.goto(server.url())
    await enter(page, page.get_by_role("main").get_by_role("link", name="Start a workspace"))
    await page.get_by_label("Organisation").fill("Umbrella Bakery")
    address = page.get_by_label("Workspace address")
    await expect(address).to_have_value("umbrella-bakery")
    await address.fill("acme")
    await expect(page.locator("#id_address_error .field-error")).to_be_visible()
    await address.fill("umbrella")
    await expect(page.get_by_text("umbrella.localhost is yours if you want it.")).to_be_visible()
    await page.get_by_label("Your name").fill("Uma Founder")
    await page.get_by_label("Your e-mail address").fill("uma@umbrella.example")
    await enter(page, page.get_by_role("button", name="Continue"))

    other_tab = await page.context.new_page()
    code = code_in(await mail_to(other_tab, server, "uma@umbrella.example"))
    await page.get_by_label("Code from the mail").fill(code)
    await enter(page, page.get_by_role("button", name="Continue"))
    await page.get_by_label("Password").fill(PASSWORD)
    await enter(page, page.get_by_role("button", name="Open the workspace"))

    assert re.fullmatch(rf"http://umbrella\.localhost:{server.port}/rooms/r\d+/", page.url)
    await expect(page.locator("[data-room-name]")).to_have_text("general")
    await expect(page.get_by_role("link", name="Invite your team")).to_be_visible()
    await write(page, "First!")
    await expect(message(page, "First!").locator(".message-author")).to_have_text("Uma Founder")

    await enter(page, page.get_by_role("link", name="Invite your team"))
    await page.get_by_label("E-mail addresses").fill("ulf@umbrella.example")
    await enter(page, page.get_by_role("button", name="Send invitations"))
    await expect(page.get_by_text("1 invitation is on its way.")).to_be_visible()
    await enter(page, page.get_by_role("link", name="Back to the rooms"))

    his = await (await context_of(None)).new_page()
    mail = await mail_to(his, server, "ulf@umbrella.example")
    link = re.search(r"http://umbrella\.localhost:\d+/join/\S+", mail)
    assert link, mail
    await his.goto(link[0])
    await his.get_by_label("Your name").fill("Ulf Reply")
    await his.get_by_label("Password").fill(PASSWORD)
    await enter(his, his.get_by_role("button", name="Join Umbrella Bakery"))
    await expect(message(his, "First!")).to_be_visible()
    await write(his, "Second, then.")
    await expect(message(page, "Second, then.").locator(".message-author")).to_have_text("Ulf Reply")


async def test_finding_ones_workspaces(stranger: Page, server: Server, worker: Live, alice: Any) -> None:
    await stranger.goto(server.url(path="/find/"))
    await stranger.get_by_label("Your e-mail address").fill(alice.email)
    await enter(stranger, stranger.get_by_role("button", name="Mail me the list"))
    await expect(stranger.get_by_text("the list is on its way")).to_be_visible()
    assert alice.organisation.url() in await mail_to(stranger, server, alice.email)
