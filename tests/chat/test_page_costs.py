"""What pages ask of Postgres: through HTTP, and the same however much there is, so that an N+1 shows."""

import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from chat import rooms
from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post, Posted
from notifications.inbox import notify
from tenants.db import in_organisation
from tests.chat.pages import queries

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
HTMX = {"HX-Request": "true"}
FORM = {"Accept": "text/html"}
PERSON = 1  # query for the session and its person, which every page has


@pytest.fixture
def grow(alice: Any, bob: Any, charlie: Any, dana: Any, room: Room) -> Callable[[], None]:
    """Each call makes the organisation larger in everything that a page could ask for one by one."""
    turns = iter(([bob.pk], [bob.pk, charlie.pk], [dana.pk]))

    def more() -> None:
        with in_organisation(alice.organisation):
            direct = rooms.open_direct(alice, next(turns))
            said = [(alice, direct)] * 30 + [(one, room) for one in (alice, bob, dana) * 20]
            for number in range(15):
                made = rooms.create_room(alice, f"Room {direct.pk} {number}", members=[bob.pk])
                said.append((bob, made))
            text = "One more boat for @Alice and @Bob"
            posts = [Post(one.pk, where.pk, uuid.uuid4(), text) for one, where in said]
            assert all(isinstance(answer, Posted) for answer in post_messages(posts))
            notify(alice.organisation, alice, "You have a note")

    return more


def costs(
    grow: Callable[[], None], ask: Callable[[], Any], *, sizes: int = 3, status: int = 200
) -> Sequence[int]:
    """How many queries `ask` makes at each of several sizes; those of the session and its person left out, and those
    of the host, which this process asks about every few seconds.
    """
    counted = []
    for size in range(sizes):
        if size:
            grow()
        ask()  # the session is noted now, what was unread read
        with queries() as asked:
            answer = ask()
        assert answer.status_code == status, answer.content
        counted.append(sum("tenants_organisation" not in query for query in asked) - PERSON)
    return counted


def test_a_room_page(client_of: Browser, alice: Any, room: Room, grow: Callable[[], None]) -> None:
    browser = client_of(alice)
    # room with membership, window, and what stands beside: sidebar, people, notifications
    assert costs(grow, lambda: browser.get(f"/rooms/r{room.pk}/")) == [3, 3, 3]


def test_a_room_page_of_a_direct_message(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, grow: Callable[[], None]
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk, charlie.pk])
    browser = client_of(bob)
    assert costs(grow, lambda: browser.get(f"/rooms/r{direct.pk}/")) == [3, 3, 3]


def test_looking_into_a_public_room(
    client_of: Browser, charlie: Any, public_room: Room, grow: Callable[[], None]
) -> None:
    browser = client_of(charlie)
    assert costs(grow, lambda: browser.get(f"/rooms/r{public_room.pk}/")) == [3, 3, 3]


def test_a_permalink(client_of: Browser, alice: Any, room: Room, say: Say, grow: Callable[[], None]) -> None:
    said = say(alice, room, "Look here")
    browser = client_of(alice)
    # and the message
    assert costs(grow, lambda: browser.get(f"/rooms/r{room.pk}/?message=m{said.message_id}")) == [4, 4, 4]


@pytest.mark.parametrize("asked", ["?before=40", "?after=3", "?around=40", ""])
def test_older_messages(
    client_of: Browser, alice: Any, room: Room, grow: Callable[[], None], asked: str
) -> None:
    browser = client_of(alice)
    assert costs(grow, lambda: browser.get(f"/rooms/r{room.pk}/messages/{asked}")) == [2, 2, 2]


def test_the_sidebar(client_of: Browser, alice: Any, room: Room, grow: Callable[[], None]) -> None:
    browser = client_of(alice)
    assert costs(grow, lambda: browser.get(f"/sidebar/?room=r{room.pk}", headers=HTMX)) == [1, 1, 1]


def test_the_switcher(client_of: Browser, alice: Any, grow: Callable[[], None]) -> None:
    browser = client_of(alice)
    assert costs(grow, lambda: browser.get("/switcher/")) == [1, 1, 1]
    assert costs(lambda: None, lambda: browser.get("/switcher/?q=bo")) == [3, 3, 3]


@pytest.mark.parametrize(
    ("query", "most"), [("boat", 3), ("boat from:bob", 3), ("boat from:bob in:design has:link -is:edited", 3)]
)
def test_a_search(
    client_of: Browser, alice: Any, room: Room, grow: Callable[[], None], query: str, most: int
) -> None:
    browser = client_of(alice)
    page = {"q": query, "room": f"r{room.pk}"}
    assert costs(grow, lambda: browser.get("/search/", page)) == [most] * 3
    # The panel has no sidebar beside it, but may have to name direct messages.
    for tab in ("messages", "files", "people", "rooms"):
        address = f"/search/?{urlencode({**page, 'tab': tab})}"
        assert max(costs(lambda: None, partial(browser.get, address, headers=HTMX))) <= most
    assert max(costs(lambda: None, lambda: browser.get("/switcher/messages/", page))) <= most


def test_a_post_by_form(client_of: Browser, bob: Any, room: Room, grow: Callable[[], None]) -> None:
    browser = client_of(bob)

    def post() -> Any:
        return browser.post(
            f"/rooms/r{room.pk}/messages/", {"text": "Hello", "client_id": str(uuid.uuid4())}, headers=FORM
        )

    assert costs(grow, post, status=302) == [3, 3, 3]  # lock the room, look up, insert


def test_browsing_rooms(client_of: Browser, alice: Any, grow: Callable[[], None]) -> None:
    browser = client_of(alice)
    # how many, one page of them, and what stands beside
    assert costs(grow, lambda: browser.get("/rooms/")) == [3, 3, 3]


def test_the_panels(client_of: Browser, alice: Any, room: Room, grow: Callable[[], None]) -> None:
    browser = client_of(alice)
    assert costs(grow, lambda: browser.get(f"/rooms/r{room.pk}/memberships/", headers=HTMX)) == [2, 2, 2]
    assert costs(lambda: None, lambda: browser.get(f"/rooms/r{room.pk}/details/", headers=HTMX)) == [2, 2, 2]
