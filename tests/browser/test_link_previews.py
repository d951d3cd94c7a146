"""The card of a link: it comes by itself, reads well, and can be taken away with the keyboard."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.async_api import expect

from chat.link_previews import attached
from chat.link_previews.looking import Found
from chat.link_previews.pages import Summary
from chat.link_previews.pictures import drawn_anew
from chat.models import LinkPreview, Room
from tenants.db import in_organisation
from tests.browser.pages import message
from tests.browser.test_accessibility import check
from tests.chat.test_link_previews import a_picture
from tests.sockets import aside

URL = "https://boats.example/"
LONG = "Boats, and everything that floats: " + "an-extraordinarily-long-word-" * 4


@pytest.fixture
def found(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """`found(person)` is the worker that looks at the only link, and finds a page with a picture."""
    settings.LINK_PREVIEWS = True
    summary = Summary(LONG, "Sails, oars and motors. " * 8, "Boats", f"{URL}boat.png")
    monkeypatch.setattr(attached, "look_up", lambda url, outside: Found(summary, drawn_anew(a_picture())))

    def look(person: Any) -> None:
        with in_organisation(person.organisation), transaction.atomic():
            attached.refresh(LinkPreview.objects.get().pk)
            assert LinkPreview.objects.get().fetched_at <= timezone.now()

    return look


async def test_a_card_comes_and_its_author_takes_it_away(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, found: Any
) -> None:
    hers, his = await in_room(alice, room), await in_room(bob, room)
    await says(bob, room, f"see {URL}")
    await aside(found, alice)
    for page in (hers, his):
        card = message(page, "see").locator(".link-preview")
        await expect(card.get_by_role("link")).to_have_attribute("href", URL)
        await expect(card.locator("img")).to_have_js_property("complete", True)
        assert await card.locator("img").evaluate("image => image.naturalWidth") == 480
    await his.get_by_role("button", name="Remove preview").focus()
    await his.keyboard.press("Enter")
    for page in (hers, his):
        await expect(message(page, "see").locator(".link-preview")).to_have_count(0)
    await expect(message(his, "see")).to_be_focused()


async def test_others_cannot_take_it_away(
    in_room: Any, says: Any, alice: Any, bob: Any, room: Room, found: Any
) -> None:
    await says(alice, room, f"see {URL}")
    await aside(found, alice)
    his = await in_room(bob, room)
    await expect(his.locator(".link-preview")).to_be_visible()
    await expect(his.get_by_role("button", name="Remove preview")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 360])
async def test_a_card_reads_well(
    in_room: Any, says: Any, alice: Any, room: Room, found: Any, width: int
) -> None:
    await says(alice, room, f"see {URL}")
    await aside(found, alice)
    page = await in_room(alice, room, viewport={"width": width, "height": 800})
    await expect(page.locator(".link-preview")).to_be_visible()
    await check(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = await page.locator(".link-preview").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
