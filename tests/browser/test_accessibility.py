"""axe on every page, light and dark (WCAG 2.2 AA)."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from django.template.loader import render_to_string
from playwright.async_api import Page, expect

from chat.models import Room
from tenants.db import in_organisation
from tests.browser.live import Server
from tests.browser.watch import Watch
from tests.conftest import PASSWORD
from tests.sockets import aside

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}

SETTLED = "Promise.allSettled(document.getAnimations().map((one) => one.finished))"


async def check(page: Page) -> None:
    """No violation in either theme."""
    await page.wait_for_load_state("load")  # words are there before the style sheets are
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.evaluate(SETTLED)  # a colour on its way to another is no finding
        found = (await Axe().run(page, options=RULES)).response["violations"]
        told = [
            f"{scheme} {page.url} {one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]
        assert not told, "\n".join(told)


@pytest.fixture
async def _talk(says: Any, alice: Any, bob: Any, room: Room) -> None:
    """Something of every kind in the room."""
    await says(
        alice, room, "# Plan\n\n- one\n- **two** and `code`\n\n> quoted\n\n[a link](https://example.com)"
    )
    await says(bob, room, "Hello @Alice, and @room\n\n```python\ndef f(x):\n    return x + 1  # why\n```")
    await says(alice, room, "| a | b |\n|---|---|\n| 1 | 2 |\n\n~~gone~~ 🎉")
    await says(bob, room, "🎉🎉")


@pytest.mark.usefixtures("_talk")
@pytest.mark.parametrize("width", [1440, 390])
async def test_the_room(in_room: Any, alice: Any, room: Room, width: int) -> None:
    page = await in_room(alice, room, viewport={"width": width, "height": 800})
    await check(page)


@pytest.mark.usefixtures("_talk")
async def test_the_rooms_panels_and_dialogs(in_room: Any, alice: Any, room: Room) -> None:
    page = await in_room(alice, room)
    for link in ("#details-link", "#members-link"):
        await page.locator(link).click()
        await expect(page.locator("#panel-title")).to_be_focused()
        await check(page)
    await page.locator("#panel .person-link").first.click()
    await expect(page.locator("#panel .profile")).to_be_visible()
    await check(page)
    await page.locator("#room-search-query").fill("hello")
    await page.locator("#room-search-query").press("Enter")
    await expect(page.locator("#panel .result")).to_have_count(1)
    await check(page)
    await page.keyboard.press("Escape")
    await page.locator("#organisation-button").click()
    await expect(page.locator("#organisation-menu")).to_be_visible()
    await check(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await expect(page.locator("#switcher-list .option").first).to_be_visible()
    await check(page)
    await page.keyboard.press("Escape")
    await page.locator("#composer-text").fill("@")
    await expect(page.locator("#composer-completion .option").first).to_be_visible()
    await check(page)
    await page.locator("#composer-text").fill("")
    await page.locator("#composer-text").press("ArrowUp")
    await expect(page.get_by_label("Edit the message")).to_be_focused()
    await check(page)
    await page.keyboard.press("Escape")
    for dialog in ("keys-dialog", "preferences-dialog", "delete-dialog"):
        await page.evaluate("(id) => document.getElementById(id).showModal()", dialog)
        await check(page)
        await page.evaluate("(id) => document.getElementById(id).close()", dialog)


async def test_a_room_that_lost_its_connection(in_room: Any, watch: Watch, alice: Any, room: Room) -> None:
    watch.expect_broken_network()
    page = await in_room(alice, room)
    await page.context.set_offline(True)
    await expect(page.locator("#connection")).to_be_visible()
    await check(page)


PAGES = [
    "/rooms/",
    "/rooms/?q=nothing-is-called-that",
    "/rooms/new/",
    "/directs/",
    "/search/",
    "/search/?q=hello",
    "/rooms/ROOM/details/",
    "/rooms/ROOM/memberships/",
    "/rooms/ROOM/pins/",
    "/saved/",
    "/saved/?state=done",
    "/reminders/",
    "/drafts/",
    "/scheduled/",
    "/rooms/ROOM/scheduled/",
    "/reminders/new/",
    "/notifications/",
    "/people/",
    "/people/PERSON/",
    "/invitations/",
    "/organisation/",
    "/me/",
    "/me/sessions/",
    "/accounts/password/change/",
    "/accounts/second-factor/",
    "/accounts/email/",
]


@pytest.mark.usefixtures("_talk")
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_of_the_organisation(
    page_of: Any, alice: Any, bob: Any, room: Room, path: str, watch: Watch
) -> None:
    path = path.replace("ROOM", f"r{room.pk}").replace("PERSON", f"p{bob.pk}")
    page = await page_of(alice, path)
    if await page.get_by_role("button", name="Confirm").count():  # allauth asks for the password again
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Confirm").click()
    await check(page)


async def test_the_first_page_of_somebody_in_no_room(page_of: Any, alice: Any, dana: Any) -> None:
    page = await page_of(dana)
    await expect(page.get_by_role("heading", name="Hello Dana")).to_be_visible()
    await check(page)


@pytest.mark.parametrize("path", ["/", "/sign-up/", "/find/", "/mail/"])
async def test_a_page_of_the_public_site(stranger: Page, server: Server, path: str) -> None:
    await stranger.goto(server.url(path=path))
    await check(stranger)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
async def test_a_page_for_those_who_are_not_signed_in(stranger: Page, alice: Any, path: str) -> None:
    await stranger.goto(alice.organisation.url(path))
    await check(stranger)


async def test_forms_that_were_refused(stranger: Page, server: Server, watch: Watch, alice: Any) -> None:
    watch.expect("422", "400")
    await stranger.goto(server.url(path="/sign-up/"))
    for label, text in {
        "Organisation": "Acme",
        "Workspace address": "admin",
        "Your name": "A",
        "Your e-mail address": "a@acme.example",
    }.items():
        await stranger.get_by_label(label).fill(text)
    await stranger.get_by_role("button", name="Continue").click()
    await expect(stranger.locator(".field-error").first).to_be_visible()
    await check(stranger)
    await stranger.goto(alice.organisation.url("/accounts/login/"))
    await stranger.get_by_label("E-mail address").fill(alice.email)
    await stranger.get_by_label("Password", exact=True).fill("not this one")
    await stranger.get_by_role("button", name="Sign in", exact=True).click()
    await expect(stranger.get_by_role("alert").first).to_be_visible()
    await check(stranger)


async def test_the_steps_of_the_sign_up(stranger: Page, server: Server, alice: Any) -> None:
    await stranger.goto(server.url(path="/sign-up/"))
    await stranger.get_by_label("Organisation").fill("Umbrella")
    await stranger.get_by_label("Your name").fill("Uma")
    await stranger.get_by_label("Your e-mail address").fill("uma@umbrella.example")
    await stranger.get_by_role("button", name="Continue").click()
    await expect(stranger.get_by_label("Code from the mail")).to_be_visible()
    await check(stranger)


@pytest.mark.parametrize("status", ["403", "404", "429", "500"])
async def test_a_page_that_says_no(stranger: Page, alice: Any, status: str) -> None:
    """In development Django shows its own pages for these, so the template is drawn here."""

    def draw() -> str:
        with in_organisation(alice.organisation):
            return render_to_string(f"{status}.html", {"organisation": alice.organisation, "user": alice})

    await stranger.goto(alice.organisation.url("/accounts/login/"))
    await stranger.set_content(await aside(draw))
    await expect(stranger.get_by_role("heading", level=1)).to_be_visible()
    await check(stranger)


async def test_a_violation_would_be_found(stranger: Page, server: Server) -> None:
    await stranger.goto(server.url())
    await stranger.evaluate("document.querySelector('h1').innerHTML = '<button></button>'")
    with pytest.raises(AssertionError, match="button-name"):
        await check(stranger)
