"""Search: words in every language, and never a message that the person can't read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat import rooms
from chat.changes import delete_message, edit_message
from chat.messages import Posted
from chat.models import Room
from chat.search import search
from tenants.db import in_organisation
from tests.chat.pages import queries

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
HTMX = {"HX-Request": "true", "HX-Target": "aside#panel"}


@pytest.fixture
def find() -> Callable[[Any, str], list[str]]:
    """`find(person, "query")`: the plain texts of what they find, newest first."""

    def found(person: Any, query: str) -> list[str]:
        with in_organisation(person.organisation):
            hits = search(person, query).items
        return [re.sub(r"<[^>]+>", "", hit.html).strip() for hit in hits]

    return found


Find = Callable[[Any, str], list[str]]


def test_words_phrases_and_without(alice: Any, room: Room, say: Say, find: Find) -> None:
    for text in ("the green boat", "the boat is green", "a red boat", "nothing of it"):
        say(alice, room, text)
    assert find(alice, "green boat") == ["the boat is green", "the green boat"]
    assert find(alice, '"green boat"') == ["the green boat"]
    assert find(alice, "boat -green") == ["a red boat"]
    assert find(alice, "BOA") == ["a red boat", "the boat is green", "the green boat"]
    assert find(alice, "submarine") == []


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Straße nach Köln", "strasse"),
        ("Ångström", "angstrom"),
        ("東京都に行く", "東京"),
        ("Привет, мир", "привет"),
        ("C++ and snake_case", "snake_case"),
        ("see https://example.org/path", "example"),
        ("it's a **bold** `code()`", "bold"),
    ],
)
def test_words_of_every_kind(alice: Any, room: Room, say: Say, find: Find, text: str, query: str) -> None:
    say(alice, room, text)
    say(alice, room, "something else")
    assert len(find(alice, query)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "-",
        "-word",
        '"',
        '""',
        "!!!",
        "from:",
        "in:",
        "'; drop table chat_room; --",
        "a & | ! <-> b",
        ":*",
        "\\",
        "(" * 100,
    ],
)
def test_whatever_is_typed_is_no_error(alice: Any, room: Room, say: Say, query: str) -> None:
    say(alice, room, "Hello")
    with in_organisation(alice.organisation):
        search(alice, query)


def test_from_and_in(alice: Any, bob: Any, room: Room, public_room: Room, say: Say, find: Find) -> None:
    say(alice, room, "boat one")
    say(bob, room, "boat two")
    say(bob, public_room, "boat three")
    assert find(alice, "from:bob boat") == ["boat three", "boat two"]
    assert find(alice, "from:bob@acme") == ["boat three", "boat two"]
    assert find(alice, "from:me") == ["boat one"]
    assert find(alice, "boat in:lounge") == ["boat three"]
    assert find(alice, "boat in:#LOUNGE from:me") == []
    assert find(alice, "from:nobody boat") == []
    assert find(alice, "in:nowhere boat") == []
    assert find(alice, "from:% boat") == []


def test_edits_and_deletions_follow(alice: Any, room: Room, say: Say, find: Find) -> None:
    first, second = say(alice, room, "green"), say(alice, room, "green too")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, first.message_id, "blue")
        delete_message(alice, room.pk, second.message_id)
    assert find(alice, "green") == []
    assert find(alice, "blue") == ["blue"]


def test_everybody_finds_what_they_may_read(
    alice: Any,
    bob: Any,
    charlie: Any,
    dana: Any,
    mallory: Any,
    room: Room,
    public_room: Room,
    say: Say,
    find: Find,
) -> None:
    say(alice, room, "secret boat")
    say(alice, public_room, "open boat")
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    say(alice, direct, "whispered boat")
    assert find(bob, "boat") == ["whispered boat", "open boat", "secret boat"]
    assert find(charlie, "boat") == ["open boat"]
    assert find(dana, "boat") == ["secret boat"]
    assert find(mallory, "boat") == []
    assert find(charlie, "boat in:Design") == []
    with in_organisation(alice.organisation):
        rooms.remove_member(alice, room.pk, bob.pk)
        rooms.remove_member(alice, public_room.pk, bob.pk)
    assert find(bob, "boat") == ["whispered boat", "open boat"]


def test_a_guest_does_not_find_people_by_their_address(
    alice: Any, dana: Any, room: Room, say: Say, find: Find
) -> None:
    say(alice, room, "boat")
    assert find(dana, "from:alice@acme boat") == []
    assert find(dana, "from:alice boat") == ["boat"]


def test_what_was_found_is_marked(alice: Any, room: Room, say: Say) -> None:
    say(alice, room, "The *boats* & <b>mark</b>")
    with in_organisation(alice.organisation):
        (hit,) = search(alice, "boat").items
    assert "<mark>boats</mark>" in hit.html
    assert "<b>" not in hit.html
    assert hit.html.startswith("<article")


def test_older_results_follow(alice: Any, room: Room, say: Say) -> None:
    said = [say(alice, room, f"boat {number}") for number in range(45)]
    with in_organisation(alice.organisation):
        first = search(alice, "boat")
        second = search(alice, "boat", before=first.next)
        third = search(alice, "boat", before=second.next)
    found = [hit.message_id for page in (first, second, third) for hit in page.items]
    assert found == [posted.message_id for posted in reversed(said)]
    assert third.next is None


def test_a_search_is_two_queries(alice: Any, bob: Any, room: Room, say: Say) -> None:
    for number in range(30):
        say(bob, room, f"boat {number}")
    with in_organisation(alice.organisation), queries() as asked:
        search(alice, "boat from:bob in:design")
    assert len(asked) == 2, asked


# -- Over HTTP ---------------------------------------------------------------------------------------------------


def test_the_page_the_panel_and_the_rest(
    client_of: Browser, alice: Any, bob: Any, room: Room, say: Say
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    for number in range(25):
        say(bob, direct, f"boat {number}")
    browser = client_of(alice)
    page = browser.get("/search/?q=boat")
    assert "<html" in page.content.decode()
    assert len(page.context["results"]) == 20
    assert page.context["results"][0]["title"] == "Bob"
    panel = browser.get("/search/", {"q": "boat", "room": f"r{room.pk}"}, headers=HTMX)
    assert panel.content.decode().lstrip().startswith("<section")
    assert panel.context["room_id"] == room.pk
    more = browser.get("/search/", {"q": "boat", "before": panel.context["next"]}, headers=HTMX)
    assert more.content.decode().lstrip().startswith("<li")
    assert [result["message"] for result in more.context["results"]]
    assert more.context["next"] == ""
    assert more.context["results"][0]["title"] == "Bob"


def test_odd_searches_over_http(client_of: Browser, charlie: Any, room: Room) -> None:
    browser = client_of(charlie)
    assert browser.get("/search/").status_code == 200
    assert browser.get("/search/?q=%00%ff&room=r1").status_code == 200
    assert browser.get("/search/?q=-x").context["error"]
    shown = browser.get(f"/search/?q=x&room=r{room.pk}").content.decode()
    assert room.name not in shown  # not his to know of
    assert browser.get("/search/?q=x&before=y").status_code == 422
    assert browser.post("/search/").status_code == 405


def test_searching_has_a_limit(client_of: Browser, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.views.search.SEARCHES", (2, 10))
    browser = client_of(alice)
    assert [browser.get("/search/?q=x").status_code for _ in range(3)] == [200, 200, 429]
