"""What a socket hears of by what its person is follows them, also where the news of a change was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from accounts import people
from accounts.models import Person
from chat.models import Room
from chat.unread import mark_read
from tenants.db import in_tenant
from tenants.fanout import Compared, hub
from tests.sockets import Tab


@asynccontextmanager
async def opened(*tabs: Tab) -> AsyncIterator[None]:
    yield
    for tab in tabs:
        await tab.close()


async def change_silently(person: Any, **fields: Any) -> None:
    """As where the news was lost: Postgres alone knows."""
    await in_tenant(person.organisation, Person.objects.filter(pk=person.pk).update, **fields)


@pytest.mark.parametrize("shares", [False, True])
async def test_receipts_follow_who_shares(
    alice: Any, bob: Any, dana: Any, room: Room, say: Any, shares: bool
) -> None:
    await change_silently(bob, shares_reading=not shares)
    await in_tenant(alice.organisation, say, alice, room, "one")
    hers, his = await Tab.room(alice, room.pk), await Tab.room(bob, room.pk)
    async with opened(hers, his):
        await change_silently(bob, shares_reading=shares)
        await hub().compare_all()
        await in_tenant(alice.organisation, mark_read, dana.pk, room.pk, 1)
        await hers.until("seen")
        assert ("seen" in await his.heard()) is shares


@pytest.mark.parametrize("role", ["guest", "member"])
async def test_news_of_everyone_is_not_for_guests(alice: Any, bob: Any, role: str) -> None:
    """Dana's kind must not even learn the id of somebody with whom they share no room."""
    stranger = await in_tenant(
        alice.organisation, people.create_person, email="new@acme.example", name="New", role="guest"
    )
    await change_silently(bob, role="member" if role == "guest" else "guest")
    hers, his = await Tab.personal(alice), await Tab.personal(bob)
    async with opened(hers, his):
        await change_silently(bob, role=role)
        await hub().compare_all()
        await in_tenant(alice.organisation, people.deactivate, alice, stranger.pk)
        await hers.until("person", id=f"p{stranger.pk}")
        assert ("person" in await his.heard()) is (role == "member")


async def test_news_that_came_while_postgres_was_asked_holds(
    alice: Any, bob: Any, dana: Any, room: Room, say: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_tenant(alice.organisation, say, alice, room, "one")
    hers, his = await Tab.room(alice, room.pk), await Tab.room(bob, room.pk)
    page = await Tab.personal(bob)
    here = hub()
    ask = here._compare

    async def ask_and_be_late(*args: Any) -> Compared:
        found: Compared = await ask(*args)
        await in_tenant(alice.organisation, people.share_reading, bob, False)
        await page.until("receipts")  # his sockets know it by now
        return found

    monkeypatch.setattr(here, "_compare", ask_and_be_late)
    async with opened(hers, his, page):
        await asyncio.wait_for(here.compare_all(), 10)
        await in_tenant(alice.organisation, mark_read, dana.pk, room.pk, 1)
        while dict((await hers.until("seen"))["people"]).get(f"p{dana.pk}", 0) < 1:
            pass
        assert "seen" not in await his.heard()
