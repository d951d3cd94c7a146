"""Catching up: what is listed in which order, what each place shows, and who sees it."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.test import Client

from chat import rooms
from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post, Posted
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.chat.test_threads import reply

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def places(page: str) -> list[str]:
    return re.findall(r'data-place="([^"]+)"', page)


def test_what_asks_for_somebody_comes_first(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say, client_of: Browser
) -> None:
    browser = client_of(alice)
    assert "You are up to date" in browser.get("/catch-up/").content.decode()
    with in_organisation(alice.organisation):
        direct, other = (
            rooms.open_direct(bob, [alice.pk]),
            rooms.create_room(alice, "Plain", members=[bob.pk]),
        )
    root = say(alice, room, "Lunch?")
    reply(bob, room, root, "Yes")
    for where, text in ((other, "Hello"), (public_room, "Hello @Alice"), (direct, "Hello")):
        say(bob, where, text)
    assert places(browser.get("/catch-up/").content.decode()) == [
        f"/rooms/r{direct.pk}/unread/",
        f"/rooms/r{public_room.pk}/unread/",
        f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/unread/",
        f"/rooms/r{other.pk}/unread/",
    ]


def test_a_room_shows_what_is_unread_fifty_at_a_time(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    say(alice, room, "Read")
    with in_organisation(bob.organisation):
        post_messages([Post(bob.pk, room.pk, uuid.uuid4(), f"Number {number}") for number in range(60)])
    browser = client_of(alice)
    place = browser.get(f"/rooms/r{room.pk}/unread/").content.decode()
    assert re.findall(r'data-position="(\d+)"', place) == [str(number) for number in range(2, 52)]
    assert 'data-was="1" data-last="51" data-left="10"' in place and "10 more follow" in place
    browser.post(f"/rooms/r{room.pk}/read/", {"position": 51})
    place = browser.get(f"/rooms/r{room.pk}/unread/").content.decode()
    assert 'data-was="51" data-last="61" data-left="0"' in place
    browser.post(f"/rooms/r{room.pk}/read/", {"position": 61})
    assert "Nothing here is unread" in browser.get(f"/rooms/r{room.pk}/unread/").content.decode()


def test_a_thread_shows_its_root_and_what_is_unread(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, room, "Lunch?")
    answers = [reply(bob, room, root, text) for text in ("Yes", "At noon")]
    browser = client_of(alice)
    url = f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/"
    browser.post(f"{url}read/", {"position": 1})
    place = browser.get(f"{url}unread/").content.decode()
    assert "Lunch?" in place and "At noon" in place and f'data-id="m{answers[0].message_id}"' not in place
    assert f'data-moved="m{root.message_id}" data-was="1" data-last="2" data-left="0"' in place


def test_others_do_not_see_it(
    alice: Any, bob: Any, charlie: Any, mallory: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, room, "Lunch?")
    reply(bob, room, root, "Yes")
    for person in (charlie, mallory):
        browser = client_of(person)
        assert places(browser.get("/catch-up/").content.decode()) == []
        for url in (
            f"/rooms/r{room.pk}/unread/",
            f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/unread/",
        ):
            assert browser.get(url).status_code == 404
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    assert places(client_of(bob).get("/catch-up/").content.decode()) == []
    assert "catch-reply" not in client_of(bob).get(f"/rooms/r{room.pk}/unread/").content.decode()


def test_what_it_costs(alice: Any, bob: Any, room: Room, say: Say, client_of: Browser) -> None:
    browser = client_of(alice)
    browser.get("/catch-up/")
    counted = []
    for size in range(2):
        for number in range(3):
            with in_organisation(alice.organisation):
                where = rooms.create_room(alice, f"Room {size} {number}", members=[bob.pk])
            say(bob, where, "Hello")
            reply(bob, where, say(alice, where, "Lunch?"), "Yes")
            say(bob, where, "Hello again")
        with queries() as page:
            assert len(places(browser.get("/catch-up/").content.decode())) == 6 * (size + 1)
        with queries() as place:
            browser.get(f"/rooms/r{where.pk}/unread/")
        counted.append([sum("tenants_organisation" not in one for one in asked) for asked in (page, place)])
    assert counted == [[3, 3]] * 2  # session and person; threads and sidebar; the room and its messages
