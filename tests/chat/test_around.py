"""Who is around, as a page: who is listed to whom."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import people, statuses
from chat import presence
from chat.memberships import leave_room
from chat.models import Room
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.sockets import Tab, aside

Browser = Callable[[Any], Client]


def listed(client_of: Browser, person: Any) -> str:
    return client_of(person).get("/around/", headers={"HX-Request": "true"}).content.decode()


async def test_who_has_a_page_open_is_listed_to_those_who_may_know(
    alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any, room: Room, client_of: Browser
) -> None:
    tabs = [await Tab.personal(one) for one in (bob, charlie)]
    page = await aside(listed, client_of, alice)
    assert "Bob" in page and "Charlie" in page and "Alice" not in page and "2 people are here now" in page
    guests = await aside(listed, client_of, dana)
    assert "Bob" in guests and "Charlie" not in guests
    assert "Nobody just now" in await aside(listed, client_of, mallory)
    await aside(deactivate, alice, charlie)
    assert "Charlie" not in await aside(listed, client_of, alice)
    for tab in tabs:
        await tab.close()


async def test_guests_hear_of_the_people_of_their_rooms_only(
    alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any, room: Room
) -> None:
    """Also of who was there and left, whose words they still read."""
    hers, guests, theirs = [await Tab.personal(one) for one in (alice, dana, mallory)]
    for person in (charlie, bob, dana):
        await aside(change, person)
    await aside(leave, bob, room)
    for person in (bob, charlie, alice):
        await aside(change, person)
    for tab in (hers, guests):
        await tab.until("person", id=f"p{alice.pk}")
    assert told(hers) == [f"p{one.pk}" for one in (charlie, bob, dana, bob, charlie, alice)]
    assert told(guests) == [f"p{one.pk}" for one in (bob, dana, bob, alice)]
    assert "person" not in await theirs.heard()
    for tab in (hers, guests, theirs):
        await tab.close()


def told(tab: Tab) -> list[str]:
    return [frame["id"] for frame in tab.frames if frame["type"] == "person"]


def change(person: Any) -> None:
    with in_organisation(person.organisation):
        statuses.set_status(person, emoji="☕", text=f"Since {timezone.now()}", until=None)


def leave(person: Any, room: Room) -> None:
    with in_organisation(person.organisation):
        leave_room(person, room.pk)


def deactivate(alice: Any, person: Any) -> None:
    with in_organisation(alice.organisation):
        people.deactivate(alice, person.pk)


def test_without_valkey_nobody_is_around(alice: Any, client_of: Browser, monkeypatch: Any) -> None:
    monkeypatch.setattr(presence, "_client", lambda: presence.valkey.client(timeout=0.001))
    monkeypatch.setattr(presence.valkey.settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    assert presence.around(alice.organisation) == []


async def test_what_it_costs(alice: Any, bob: Any, charlie: Any, client_of: Browser) -> None:
    browser = await aside(client_of, alice)
    counted = []
    tabs = []
    for one in (bob, charlie):
        tabs.append(await Tab.personal(one))

        def ask() -> int:
            browser.get("/around/")
            with queries() as asked:
                assert browser.get("/around/").status_code == 200
            return sum("tenants_organisation" not in query for query in asked)

        counted.append(await aside(ask))
    assert counted == [3, 3]  # session and person; the people, and what stands beside
    for tab in tabs:
        await tab.close()
