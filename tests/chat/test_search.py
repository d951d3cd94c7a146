"""Search: words in every language, and never a message that the person can't read."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from chat import access, directory, rooms
from chat.changes import delete_message, edit_message
from chat.imports import Past, import_history
from chat.messages import post_messages
from chat.models import Membership, MessageText, Room
from chat.pins import pin_message
from chat.posts import Post, Posted
from chat.reactions import add_reaction
from chat.saved import save_message
from chat.search import search
from chat.search.reader import read
from chat.text.query import Filter, SearchQuery, parse
from tenants.db import in_organisation
from tests.chat.pages import queries

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
HTMX = {"HX-Request": "true", "HX-Target": "aside#panel"}


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
        search(alice, "boat from:bob in:design has:link -is:edited during:2026 -canoe", order="best")
    assert len(asked) == 2, asked


def test_what_most_searches_ask_is_prepared(alice: Any, room: Room, say: Say) -> None:
    say(alice, room, "boat")
    with in_organisation(alice.organisation), queries() as asked:
        assert len(search(alice, "boat", order="best").items) == 1
    assert "execute parley_search_best_" in asked[-1]


def test_what_narrows_a_search_down(alice: Any, bob: Any, room: Room, say: Say, find: Find) -> None:
    said = {
        text: say(alice, room, text) for text in ("boat pinned", "boat edited", "boat loved", "boat answered")
    }
    say(alice, room, "boat https://example.org/harbour")
    with in_organisation(alice.organisation):
        pin_message(alice, room.pk, said["boat pinned"].message_id)
        edit_message(alice, room.pk, said["boat edited"].message_id, "boat edited now")
        add_reaction(bob, room.pk, said["boat loved"].message_id, "🎉")
        root = said["boat answered"].message_id
        post_messages([Post(bob.pk, room.pk, uuid.uuid4(), "boat in a thread", thread_id=root)])
        direct = rooms.open_direct(alice, [bob.pk])
    say(alice, direct, "boat in secret")
    assert find(alice, "boat has:pin") == ["boat pinned"] == find(alice, "is:pinned")
    with in_organisation(alice.organisation):
        save_message(bob, room.pk, said["boat loved"].message_id)
    assert len(find(bob, "is:saved")) == 1
    assert find(alice, "is:saved") == []
    assert find(alice, "is:edited boat") == ["boat edited now"]
    assert [text.split("🎉")[0].split()[:2] for text in find(alice, "has:reaction")] == [["boat", "loved"]]
    assert [text[:13] for text in find(alice, "has:thread")] == ["boat answered"]
    assert find(alice, "is:thread") == ["boat in a thread"]
    assert find(alice, "has:link boat") == ["boat https://example.org/harbour"]
    assert find(alice, "is:direct boat") == ["boat in secret"] == find(alice, "in:@bob boat")
    assert find(alice, 'in:"@bob, charlie" boat') == []
    assert len(find(alice, "boat -has:link -is:direct -is:thread -has:pin -is:edited")) == 2
    assert find(alice, "boat -in:design") == ["boat in secret"]
    assert find(alice, f"boat in:r{direct.pk}") == ["boat in secret"]
    assert find(alice, "boat -from:alice") == ["boat in a thread"]


def test_an_edit_decides_about_links_anew(alice: Any, room: Room, say: Say, find: Find) -> None:
    posted = say(alice, room, "boat https://example.org/")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, posted.message_id, "boat @alice")
    assert find(alice, "has:link") == []


def test_days_are_those_where_the_person_is(alice: Any, say: Say, find: Find) -> None:
    """Half past ten in the evening in London is the next day in Tokyo."""
    with in_organisation(alice.organisation):
        room = rooms.create_room(alice, "Old", members=[])
        past = [
            ("new year", datetime(2025, 1, 1, 12, tzinfo=UTC)),
            ("late evening", datetime(2025, 3, 31, 22, 30, tzinfo=UTC)),
            ("april", datetime(2025, 4, 10, 9, tzinfo=UTC)),
        ]
        import_history(room.pk, [Past(alice.pk, text, at) for text, at in past])
    say(alice, room, "just now")
    alice.time_zone = "Europe/London"
    assert find(alice, "in:old during:2025-03") == ["late evening"]
    assert find(alice, "in:old after:2025-03") == ["just now", "april"]
    assert find(alice, "in:old before:2025-03-31") == ["new year"]
    assert find(alice, "in:old during:2025 -during:2025-04") == ["late evening", "new year"]
    assert find(alice, "in:old during:today") == ["just now"] == find(alice, "in:old after:2025")
    assert find(alice, "in:old before:today after:2025-01-01") == ["april", "late evening"]
    alice.time_zone = "Asia/Tokyo"
    assert find(alice, "in:old during:2025-03") == []
    assert find(alice, "in:old during:2025-04-01") == ["late evening"]


def test_what_was_imported_is_as_old_as_it_says(alice: Any, room: Room, say: Say, find: Find) -> None:
    say(alice, room, "boat today")
    with in_organisation(alice.organisation):
        old = rooms.create_room(alice, "Old", members=[])
        import_history(old.pk, [Past(alice.pk, "boat of yore", datetime(2020, 1, 1, tzinfo=UTC))])
    assert find(alice, "boat") == ["boat today", "boat of yore"]


def test_the_best_come_first(alice: Any, room: Room, say: Say) -> None:
    now = datetime.now(UTC)
    with in_organisation(alice.organisation):
        old = rooms.create_room(alice, "Old", members=[])
        past = [
            Past(alice.pk, "harbour", now - timedelta(days=900)),
            Past(alice.pk, "harbour harbour", now - timedelta(days=30)),
            Past(alice.pk, "the harbour and a great many other words beside it", now - timedelta(days=20)),
            Past(alice.pk, "harbourmaster", now - timedelta(days=10)),
        ]
        import_history(old.pk, past)
        found = search(alice, "harbour", order="best")
        rest = search(alice, "harbour", order="best", skip=2, limit=2)
        first = search(alice, "harbour", order="best", limit=2)
    words = [re.sub("<[^>]+>", "", hit.html).strip() for hit in found.items]
    assert words[0] == "harbour harbour"
    assert words[-1] == "harbour"
    assert first.next == 2
    assert [hit.message_id for hit in [*first.items, *rest.items]] == [hit.message_id for hit in found.items]
    assert rest.next is None


@pytest.mark.parametrize("query", ["東京", "東", "京", "都", "に", '"東京"', "行く"])
def test_characters_of_a_run(alice: Any, room: Room, say: Say, find: Find, query: str) -> None:
    """Each of them, wherever it stands: the first, in the middle, the last."""
    say(alice, room, "東京都に行く")
    say(alice, room, "something else")
    assert find(alice, query) == ["東京都に行く"]
    assert find(alice, f"{query} nothing") == []


def test_characters_are_marked_alone(alice: Any, room: Room, say: Say) -> None:
    say(alice, room, "東京都に行く")
    with in_organisation(alice.organisation):
        (hit,) = search(alice, "京都").items
    assert "東<mark>京都</mark>に行く" in hit.html


def test_the_beginning_that_somebody_may_not_see_is_not_found(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say, find: Find
) -> None:
    root = say(alice, room, "boat before")
    say(alice, public_room, "boat in public")
    with in_organisation(alice.organisation):
        post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "boat replied", thread_id=root.message_id)])
        Membership.objects.filter(person=bob).update(visible_from=2)
    say(alice, room, "boat after")
    assert find(bob, "boat") == ["boat after", "boat in public"]
    assert find(bob, "boat before") == []
    assert len(find(alice, "boat")) == 4
    with in_organisation(alice.organisation):
        assert search(bob, "boat").counts["messages"] == 2
        Room.objects.filter(pk=public_room.pk).update(first_position=2)
    assert find(bob, "boat") == ["boat after"]
    assert find(alice, "public") == []


def test_archived_rooms_are_searched(alice: Any, bob: Any, room: Room, say: Say, find: Find) -> None:
    say(alice, room, "boat")
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    assert find(bob, "boat") == ["boat"]


def test_a_search_starts_from_the_rooms_that_access_knows(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room
) -> None:
    with in_organisation(alice.organisation):
        rooms.open_direct(alice, [bob.pk])
        rooms.remove_member(alice, room.pk, bob.pk)
        for person in (alice, bob, charlie, dana):
            wanted = set(access.visible_rooms(person).values_list("pk", flat=True))
            assert set(read(person, parse("boat")).rooms) == wanted


def test_a_search_means_the_people_that_the_directory_knows(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room
) -> None:
    """Dana, a guest, knows of those who are or were in her rooms, Bob who left among them."""
    with in_organisation(alice.organisation):
        rooms.remove_member(alice, room.pk, bob.pk)
        get_user_model().objects.update(name=Concat(Value("Boatman "), "name"))
        for person in (alice, bob, charlie, dana):
            wanted = {one.pk for one in directory.visible_people(person)}
            for query in ("boat", "from:boatman", "in:boatman"):
                assert {one.id for one in read(person, parse(query)).people} == wanted
            assert person == dana or len(wanted) > 3


@pytest.mark.parametrize(
    "name", ["100 %", "a_b", 'back\\slash "quoted" {braces}, and more', "null", "Ωmega", "_____"]
)
def test_names_mean_themselves(alice: Any, bob: Any, charlie: Any, name: str) -> None:
    """Nothing in them stands for anything else in the statement."""
    with in_organisation(alice.organisation):
        get_user_model().objects.filter(pk=bob.pk).update(name=name)
        for query in (SearchQuery(filters=(Filter("from", name),)), SearchQuery(words=(name,))):
            assert [one.id for one in read(alice, query).people] == [bob.pk]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("boat form:bob", ["operator"]),
        ("boat from:", ["missing"]),
        ("boat has:wings", ["has"]),
        ("boat is:red", ["is"]),
        ("boat before:soon", ["before"]),
        ("boat during:2026-13", ["during"]),
        ("boat from:nobody", ["from"]),
        ("boat in:nowhere", ["in"]),
        ("boat https://example.org note: 10:30", []),
    ],
)
def test_what_is_not_understood_is_said(alice: Any, room: Room, query: str, kinds: list[str]) -> None:
    with in_organisation(alice.organisation):
        assert [problem.kind for problem in search(alice, query).problems] == kinds


def test_a_room_that_is_secret_is_as_unknown_as_one_that_is_not_there(
    charlie: Any, room: Room, client_of: Browser
) -> None:
    shown = client_of(charlie).get("/search/?q=boat in:design").content.decode()
    other = client_of(charlie).get("/search/?q=boat in:nowher").content.decode()
    assert shown.count("design") == other.count("nowher") > 0
    assert "Design" not in shown


def test_people_and_rooms_are_found_by_name(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room
) -> None:
    with in_organisation(alice.organisation):
        assert search(alice, "bo", tab="people").people == [bob.pk]
        assert search(alice, "bo from:alice", tab="people").people == []
        assert search(dana, "charlie").counts["people"] == 0  # a guest who shares no room with him
        assert [one.name for one in search(alice, "loun").rooms] == ["Lounge"]
        assert search(charlie, "design").rooms == []
        assert search(dana, "lounge").rooms == []
        rooms.archive_room(alice, public_room.pk)
        assert [one.archived for one in search(alice, "loun").rooms] == [True]


def test_rows_of_before_are_found_and_sorted_last(alice: Any, room: Room, say: Say, find: Find) -> None:
    say(alice, room, "boat one")
    with in_organisation(alice.organisation):
        MessageText.objects.update(created_at=datetime(2000, 1, 1, tzinfo=UTC), version=0)
    say(alice, room, "boat two")
    assert find(alice, "boat") == ["boat two", "boat one"]


# -- Over HTTP ---------------------------------------------------------------------------------------------------


def test_the_page_the_panel_and_the_rest(
    client_of: Browser, alice: Any, bob: Any, room: Room, say: Say
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    for number in range(25):
        say(bob, direct, f"boat {number}")
    browser = client_of(alice)
    page = browser.get("/search/?q=boat").content.decode()
    assert "<html" in page
    assert page.count('class="result"') == page.count("</svg>Bob</a>") == 20
    panel = browser.get("/search/", {"q": "boat", "room": f"r{room.pk}"}, headers=HTMX).content.decode()
    assert panel.lstrip().startswith("<section")
    assert f'name="room" value="r{room.pk}"' in panel
    (way_on,) = re.findall(r'<li class="result-more".*hx-get="([^"]+)"', panel)
    more = browser.get(unescape(way_on), headers=HTMX).content.decode()
    assert more.lstrip().startswith("<li")
    assert more.count('class="result"') == more.count("</svg>Bob</a>") == 5
    assert "result-more" not in more
    shown = re.findall(r'<article [^>]*data-id="(m\d+)"', panel + more)
    assert len(set(shown)) == len(shown) == 25


def test_a_page_is_drawn_for_its_reader_alone(
    client_of: Browser, alice: Any, bob: Any, room: Room, say: Say
) -> None:
    """Its frame is drawn once for everybody: what is somebody's is filled in."""
    say(bob, room, "the green boat")
    pages = []
    for person in (alice, bob):
        browser = client_of(person)
        answer = browser.get("/search/", {"q": 'boat "<b>'})
        page = answer.content.decode()
        assert f'data-me="p{person.pk}"' in page
        assert f"<strong>{person.name}</strong>" in page
        assert "boat &quot;&lt;b&gt;" in page
        (nonce,) = set(re.findall(r'nonce="([^"]+)"', page))
        assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
        (token,) = set(re.findall(r'(?:name="csrf[-\w]*" (?:content|value)=|"X-CSRFToken": )"(\w+)"', page))
        pages.append((page, nonce, token, browser.cookies["parley-csrf"].value))
    (first, *its), (second, *others) = pages
    assert not set(its) & set(others)
    assert 'data-administrator="1"' in first and 'data-administrator=""' in second
    assert not any(one in second for one in its)


def test_odd_searches_over_http(client_of: Browser, charlie: Any, room: Room) -> None:
    browser = client_of(charlie)
    assert browser.get("/search/").status_code == 200
    assert browser.get("/search/?q=%00%ff&room=r1").status_code == 200
    assert 'role="alert"' in browser.get("/search/?q=-x").content.decode()
    shown = browser.get(f"/search/?q=x&room=r{room.pk}").content.decode()
    assert room.name not in shown  # not his to know of
    assert browser.get("/search/?q=x&before=y").status_code == 422
    assert browser.get("/search/?q=x&skip=-1").status_code == 422
    for odd in (
        "tab=cats",
        "order=worst",
        "skip=99999999",
        "before=99999999",
        "tab=files&before=1",
        "tab=rooms&skip=3",
    ):
        assert browser.get(f"/search/?q=boat&{odd}").status_code == 200
    assert browser.post("/search/").status_code == 405


def test_searching_has_a_limit(client_of: Browser, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.views.search.SEARCHES", (2, 10))
    browser = client_of(alice)
    assert [browser.get("/search/?q=x").status_code for _ in range(3)] == [200, 200, 429]


def test_nothing_typed_becomes_html(client_of: Browser, alice: Any, room: Room, say: Say) -> None:
    say(alice, room, "<img src=x onerror=boo> boat <mark>")
    query = '<img src=x onerror=boo> "</mark><b>" boat foo:<script>'
    for tab in ("messages", "files", "people", "rooms"):
        shown = client_of(alice).get("/search/", {"q": query, "tab": tab}).content.decode()
        assert "<img src=x" not in shown
        assert "</mark><b>" not in shown
        assert ":<script>" not in shown


def test_messages_for_the_switcher(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, room: Room, say: Say
) -> None:
    for number in range(8):
        say(alice, room, f"<b>Boat</b> number {number} & more")
    items = client_of(bob).get("/switcher/messages/?q=boat").json()["items"]
    assert len(items) == 5
    assert items[0]["detail"] == "Alice, Design"
    assert items[0]["url"].startswith(f"/rooms/r{room.pk}/?message=m")
    assert ["Boat", True] in items[0]["label"]
    assert "".join(text for text, _ in items[0]["label"]).startswith("<b>Boat</b> number")
    assert client_of(charlie).get("/switcher/messages/?q=boat").json()["items"] == []
    for odd in ("", "%00", "from:", "-x", "has:wings"):
        assert client_of(bob).get(f"/switcher/messages/?q={odd}").json()["items"] == []


def test_spoilers_stay_covered_in_the_switcher(client_of: Browser, alice: Any, room: Room, say: Say) -> None:
    for text in ("The boat: ||the `def` **butler** did it|| and more", "||The boat sank||"):
        say(alice, room, text)
    items = client_of(alice).get("/switcher/messages/?q=boat").json()["items"]
    labels = sorted("".join(text for text, _ in item["label"]).strip() for item in items)
    assert labels == ["The boat: ▒▒▒ and more", "▒▒▒"]
