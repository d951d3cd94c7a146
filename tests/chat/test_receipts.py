"""Receipts: who sees who has read, what is published of it, and what it costs."""

import asyncio
import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import people
from accounts.organisation_settings import change_settings
from chat import receipts, rooms
from chat.changes import delete_message
from chat.marking import mark_all_read, mark_unread
from chat.models import Membership, Message, Room
from chat.posts import Posted
from chat.room_names import NotAllowed
from chat.unread import mark_read
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.events import Published
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def read(person: Any, room: Room, position: int) -> None:
    with in_organisation(person.organisation):
        mark_read(person.pk, room.pk, position)


def share(person: Any, shares: bool) -> None:
    with in_organisation(person.organisation):
        people.share_reading(person, shares)


def switch_off(alice: Any) -> None:
    with in_organisation(alice.organisation):
        change_settings(alice, {"receipts": False})


def seen_on(page: str) -> dict[str, Any] | None:
    """What a room's page says of who has read."""
    found = re.search(r'id="seen" data-seen="([^"]*)"', page)
    return json.loads(html.unescape(found[1])) if found else None


def told(published: Published) -> list[dict[str, Any]]:
    return [frame for one in published.frames() if (frame := json.loads(one))["type"] == "seen"]


def grow(alice: Any, room: Room, count: int) -> list[Any]:
    """That many more members."""
    with in_organisation(alice.organisation):
        new = [
            people.create_person(email=f"n{number}@acme.example", name=f"N{number}", role="member")
            for number in range(count)
        ]
        rooms.add_members(alice, room.pk, [one.pk for one in new])
    for one in new:
        one.organisation = alice.organisation  # type: ignore[attr-defined]
    return new


def test_few_are_told_one_by_one(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, published: Published, client_of: Browser
) -> None:
    say(alice, room, "one")
    say(alice, room, "two")
    read(bob, room, 2)
    state = {"messages": 2, "people": [[f"p{alice.pk}", 2], [f"p{bob.pk}", 2], [f"p{dana.pk}", 0]]}
    assert told(published) == [{"type": "seen", "room": f"r{room.pk}", **state}]
    assert seen_on(client_of(alice).get(f"/rooms/r{room.pk}/").content.decode()) == state
    assert client_of(dana).get(f"/rooms/r{room.pk}/seen/").json() == state


def test_of_many_only_the_number_without_the_author(
    alice: Any, bob: Any, room: Room, say: Say, published: Published, client_of: Browser
) -> None:
    new = grow(alice, room, 20)
    say(alice, room, "one")
    read(bob, room, 1)
    read(new[0], room, 1)
    assert [(frame["messages"], frame["count"]) for frame in told(published)] == [(1, 1), (1, 2)]
    page = client_of(alice).get(f"/rooms/r{room.pk}/").content.decode()
    assert seen_on(page) == {"messages": 1, "count": 2}
    share(new[0], False)
    assert told(published)[-1]["count"] == 1
    share(alice, False)
    assert told(published)[-1]["count"] == 1  # she wrote it, and was not counted before either


def test_marking_unread_takes_no_receipt_back(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    said = say(alice, room, "one")
    read(bob, room, 1)
    with in_organisation(bob.organisation):
        mark_unread(bob, room.pk, said.message_id)
    people_seen = client_of(alice).get(f"/rooms/r{room.pk}/seen/").json()["people"]
    assert [f"p{bob.pk}", 1] in people_seen


def test_who_came_later_has_not_read_it_by_that(
    alice: Any, bob: Any, charlie: Any, room: Room, say: Say, client_of: Browser
) -> None:
    said = say(alice, room, "one")
    with in_organisation(alice.organisation):
        rooms.add_members(alice, room.pk, [charlie.pk])
        _message, read_it, did_not = receipts.readers_of(alice, room.pk, said.message_id)
        assert charlie not in [*read_it, *did_not]
    there = client_of(alice).get(f"/rooms/r{room.pk}/seen/").json()["people"]
    assert f"p{charlie.pk}" not in dict(there)
    say(alice, room, "two")
    there = client_of(alice).get(f"/rooms/r{room.pk}/seen/").json()["people"]
    assert dict(there)[f"p{charlie.pk}"] == 1


def test_who_does_not_share_neither_shows_nor_sees(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, published: Published, client_of: Browser
) -> None:
    said = say(alice, room, "one")
    his = say(bob, room, "two")
    assert client_of(bob).post("/me/privacy/", {}).status_code == 302
    heard = len(told(published))
    assert all(one != f"p{bob.pk}" for one, _ in told(published)[-1]["people"])
    read(bob, room, 2)
    with in_organisation(bob.organisation):
        mark_all_read(bob)
    assert len(told(published)) == heard  # not even that somebody read
    page = client_of(bob).get(f"/rooms/r{room.pk}/").content.decode()
    assert seen_on(page) is None
    for url in (f"/rooms/r{room.pk}/seen/", f"/rooms/r{room.pk}/messages/m{his.message_id}/readers/"):
        assert client_of(bob).get(url).status_code == 404
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/readers/"
    panel = client_of(alice).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Dana" in panel and "Bob" not in panel
    assert client_of(bob).post("/me/privacy/", {"shares_reading": "1"}).status_code == 302
    assert any(one == f"p{bob.pk}" for one, _ in told(published)[-1]["people"])


def test_switched_off_nothing_leaves_the_server(
    alice: Any, bob: Any, room: Room, say: Say, published: Published, client_of: Browser
) -> None:
    said = say(alice, room, "one")
    switch_off(alice)
    read(bob, room, 1)
    share(bob, False)
    share(bob, True)
    with in_organisation(bob.organisation):
        mark_unread(bob, room.pk, said.message_id)
        mark_all_read(bob)
    assert told(published) == []
    assert "data-seen" not in client_of(alice).get(f"/rooms/r{room.pk}/").content.decode()
    for url in (f"/rooms/r{room.pk}/seen/", f"/rooms/r{room.pk}/messages/m{said.message_id}/readers/"):
        assert client_of(alice).get(url).status_code == 404
    assert "shares_reading" not in client_of(alice).get("/me/").content.decode()


def test_the_readers_of_ones_own_message(
    alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any, room: Room, say: Say, client_of: Browser
) -> None:
    first = say(alice, room, "one")
    say(alice, room, "two")
    read(bob, room, 1)
    url = f"/rooms/r{room.pk}/messages/m{first.message_id}/readers/"
    panel = client_of(alice).get(url, headers={"HX-Request": "true"}).content.decode()
    has, has_not = panel.split("readers-others", 1)
    assert "1 person has read it" in has and "Bob" in has and "Dana" in has_not and "Alice" not in panel
    assert client_of(bob).get(url).status_code == 403
    for person in (charlie, mallory):
        assert client_of(person).get(url).status_code == 404
        assert client_of(person).get(f"/rooms/r{room.pk}/seen/").status_code == 404
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, first.message_id)
        with pytest.raises(Message.DoesNotExist):
            receipts.readers_of(alice, room.pk, first.message_id)
        message_id = Message.objects.get(room=room, position=2).pk
        with pytest.raises(NotAllowed):
            receipts.readers_of(bob, room.pk, message_id)
        people.deactivate(alice, bob.pk)
        assert [one.pk for one in receipts.readers_of(alice, room.pk, message_id)[2]] == [dana.pk]


async def test_what_many_read_at_once_is_one_frame(alice: Any, bob: Any, room: Room, say: Say) -> None:
    new = await aside(grow, alice, room, 8)
    await aside(say, alice, room, "one")
    tabs = {one: await Tab.room(one, room.pk) for one in (alice, bob)}
    heard = await Tab.room(alice, room.pk)
    await asyncio.gather(*(aside(read, one, room, 1) for one in new))
    await tabs[bob].send("read", position=1)
    frame = await heard.until("seen")
    assert {name for name, position in frame["people"] if position == 1} >= {
        f"p{one.pk}" for one in (*new, bob)
    }
    assert [one["type"] for one in heard.frames].count("seen") == 1
    assert await heard.silent()
    for tab in (*tabs.values(), heard):
        await tab.close()


async def test_reading_asks_nothing_more(alice: Any, bob: Any, room: Room, say: Say) -> None:
    """Where there are sockets to gather for: the same statements, told or not."""
    await aside(say, alice, room, "one")
    tab = await Tab.room(alice, room.pk)

    def cost(on: bool) -> int:
        with in_organisation(alice.organisation):
            change_settings(alice, {"receipts": on})
            receipts.shown_to(bob)  # known for five seconds
            Membership.objects.filter(room=room, person=bob).update(read_position=0)
            with queries() as asked:
                mark_read(bob.pk, room.pk, 1)
        return len(asked)

    assert await aside(cost, True) == await aside(cost, False) == 3
    await tab.close()


def test_what_pages_cost(alice: Any, room: Room, say: Say, client_of: Browser) -> None:
    said = say(alice, room, "one")
    grow(alice, room, 30)
    browser = client_of(alice)
    browser.get(f"/rooms/r{room.pk}/")
    with queries() as page:
        browser.get(f"/rooms/r{room.pk}/")
    with queries() as panel:
        browser.get(f"/rooms/r{room.pk}/messages/m{said.message_id}/readers/", headers={"HX-Request": "true"})
    assert [sum("tenants_organisation" not in one for one in asked) for asked in (page, panel)] == [4, 4]


async def test_who_does_not_share_is_sent_no_receipts(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say
) -> None:
    await aside(share, bob, False)
    await aside(say, alice, room, "first")
    hers, his = await Tab.room(alice, room.pk), await Tab.room(bob, room.pk)
    await aside(read, dana, room, 1)
    await hers.until("seen")
    await aside(share, alice, False)
    heard = await Tab.room(dana, room.pk)
    await aside(say, alice, room, "second")
    await aside(read, dana, room, 2)
    await heard.until("seen")
    await aside(say, dana, room, "third")  # behind it
    for tab, frames in ((hers, 1), (his, 0)):
        while "third" not in str(tab.frames[-1]):
            await tab.until("messages")
        assert [one["type"] for one in tab.frames].count("seen") == frames
    for tab in (hers, his, heard):
        await tab.close()


async def test_who_shares_again_is_sent_receipts_at_once(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, say: Say
) -> None:
    await aside(share, bob, False)
    await aside(say, alice, room, "first")
    his, page, others = await Tab.room(bob, room.pk), await Tab.personal(bob), await Tab.personal(charlie)
    assert page.frames[-1]["receipts"] is False and others.frames[-1]["receipts"] is True
    await aside(share, bob, True)
    assert await page.until("receipts") == {"type": "receipts", "shown": True}
    await his.until("seen")
    await aside(read, dana, room, 1)
    while (people := dict((await his.until("seen"))["people"]))[f"p{dana.pk}"] < 1:
        pass
    assert f"p{bob.pk}" in people
    await aside(switch_off, alice)
    await aside(share, bob, False)
    await aside(share, bob, True)
    told = [(await page.until("receipts"))["shown"] for _ in range(2)]
    assert told == [False, False]
    assert "receipts" not in await others.heard()
    for tab in (his, page, others):
        await tab.close()
