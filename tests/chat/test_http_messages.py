"""Messages over HTTP, for pages without a socket and for scrolling: the same promise as over the socket."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat import rooms
from chat.changes import delete_message
from chat.models import Message, Room
from chat.posts import Posted
from tenants.db import in_organisation
from tests.chat.pages import queries

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def positions(answer: Any) -> list[int]:
    return [int(found) for found in re.findall(r'data-position="(\d+)"', answer.content.decode())]


def texts(room: Room, person: Any) -> list[str]:
    with in_organisation(person.organisation):
        return list(Message.objects.filter(room=room).order_by("position").values_list("text", flat=True))


def test_scrolling_brings_windows_of_fragments(client_of: Browser, alice: Any, room: Room, say: Say) -> None:
    for number in range(120):
        say(alice, room, f"message {number}")
    browser, url = client_of(alice), f"/rooms/r{room.pk}/messages/"
    newest = browser.get(url)
    assert positions(newest) == list(range(71, 121))
    assert (newest.headers["X-Has-Older"], newest.headers["X-Has-Newer"]) == ("1", "0")
    assert (newest.headers["X-Revision"], newest.headers["X-Messages"]) == (str(room.head + 120), "120")
    assert positions(browser.get(f"{url}?before=71")) == list(range(21, 71))
    first = browser.get(f"{url}?before=21")
    assert positions(first) == list(range(1, 21))
    assert (first.headers["X-Has-Older"], first.headers["X-Has-Newer"]) == ("0", "1")
    assert positions(browser.get(f"{url}?after=100")) == list(range(101, 121))
    around = browser.get(f"{url}?around=60")
    assert 60 in positions(around)
    assert len(positions(around)) == 50
    assert "<html" not in around.content.decode()
    assert "private" in around.headers["Cache-Control"]


@pytest.mark.parametrize(
    "wrong", ["before=x", "after=-1", "around=1e3", "before=9223372036854775808", "before=", "after=٣"]
)
def test_a_malformed_position_is_refused(client_of: Browser, alice: Any, room: Room, wrong: str) -> None:
    answer = client_of(alice).get(f"/rooms/r{room.pk}/messages/?{wrong}")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "malformed"


def test_a_window_is_three_queries(client_of: Browser, alice: Any, room: Room, say: Say) -> None:
    for number in range(60):
        say(alice, room, f"message {number}")
    browser = client_of(alice)
    browser.get("/rooms/")  # its host and session are known now
    with queries() as asked:
        browser.get(f"/rooms/r{room.pk}/messages/?before=50")
    assert len(asked) == 3, asked  # session and person, room, window


def test_posting_is_exactly_once(client_of: Browser, alice: Any, room: Room) -> None:
    browser, url = client_of(alice), f"/rooms/r{room.pk}/messages/"
    form = {"client_id": str(uuid.uuid4()), "text": "Hello"}
    first, again = browser.post(url, form), browser.post(url, form)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()["position"] == 1
    assert first.json()["id"].startswith("m")
    conflict = browser.post(url, {**form, "text": "Goodbye"})
    assert conflict.status_code == 409
    assert conflict.json()["error"]["code"] == "conflict"
    assert texts(room, alice) == ["Hello"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"text": ""}, "empty"),
        ({"text": "  \n "}, "empty"),
        ({"text": "x" * 10_001}, "too_long"),
        ({"text": "nul\x00"}, "malformed"),
        ({"text": "Hello", "client_id": "mine"}, "malformed"),
        ({"text": "Hello", "client_id": ""}, "malformed"),
    ],
)
def test_a_bad_post_is_refused(
    client_of: Browser, alice: Any, room: Room, form: dict[str, str], code: str
) -> None:
    form = {"client_id": str(uuid.uuid4()), **form}
    answer = client_of(alice).post(f"/rooms/r{room.pk}/messages/", form)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code
    assert texts(room, alice) == []


def test_broken_text_and_huge_bodies_are_refused(client_of: Browser, alice: Any, room: Room) -> None:
    browser, url = client_of(alice), f"/rooms/r{room.pk}/messages/"
    huge = browser.post(url, {"client_id": str(uuid.uuid4()), "text": "x" * 300_000})
    assert 400 <= huge.status_code < 500
    broken = browser.post(
        url,
        data=b"client_id=" + str(uuid.uuid4()).encode() + b"&text=%ff%fe",
        content_type="application/x-www-form-urlencoded",
    )
    assert broken.status_code in (201, 422)
    assert all("\ufffd" in text for text in texts(room, alice))


def test_a_plain_form_posts_and_comes_back(client_of: Browser, alice: Any, room: Room) -> None:
    browser, url = client_of(alice), f"/rooms/r{room.pk}/messages/"
    answer = browser.post(url, {"text": "No scripts here"}, headers=BROWSER)
    assert answer.headers["Location"] == f"/rooms/r{room.pk}/"
    assert browser.post(url, {"text": ""}, headers=BROWSER).status_code == 302
    assert texts(room, alice) == ["No scripts here"]


def test_posting_has_a_limit(client_of: Browser, alice: Any, bob: Any, room: Room, settings: Any) -> None:
    settings.POST_RATE = (3, 10)
    browser, url = client_of(alice), f"/rooms/r{room.pk}/messages/"
    answers = [
        browser.post(url, {"client_id": str(uuid.uuid4()), "text": f"{number}"}) for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    error = answers[-1].json()["error"]
    assert error["code"] == "rate_limited"
    assert error["retry_after"] > 0
    other = client_of(bob).post(url, {"client_id": str(uuid.uuid4()), "text": "mine"})
    assert other.status_code == 201


def test_posting_where_nothing_can_be_posted(
    client_of: Browser, alice: Any, charlie: Any, room: Room, public_room: Room
) -> None:
    form = {"client_id": str(uuid.uuid4()), "text": "Hello"}
    browser = client_of(charlie)
    assert browser.post(f"/rooms/r{public_room.pk}/messages/", form).status_code == 404
    assert browser.post(f"/rooms/r{room.pk}/messages/", form).status_code == 404
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    archived = client_of(alice).post(f"/rooms/r{room.pk}/messages/", form)
    assert archived.status_code == 409
    assert archived.json()["error"]["code"] == "archived"


def test_editing_and_deleting(client_of: Browser, alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(bob, room, "Helo")
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/"
    browser = client_of(bob)
    assert browser.get(f"{url}source/").json() == {
        "text": "Helo",
        "revision": said.revision,
        "too_late": False,
    }
    edited = browser.post(url, {"text": "Hello"})
    assert edited.json() == {"id": f"m{said.message_id}", "position": 1, "revision": said.revision + 1}
    assert browser.post(url, {"text": " "}).status_code == 422
    assert client_of(alice).post(url, {"text": "Mine"}).status_code == 403  # an owner edits nobody's words
    assert texts(room, alice) == ["Hello"]
    assert client_of(alice).delete(url).status_code == 204  # and may delete them
    assert browser.delete(url).status_code == 404
    assert browser.get(f"{url}source/").status_code == 404
    assert browser.get(url).status_code == 302  # the permalink leads to the tombstone


def test_members_delete_their_own_only(
    client_of: Browser, alice: Any, bob: Any, dana: Any, room: Room, say: Say
) -> None:
    said = say(alice, room, "Stays")
    for person in (bob, dana):
        assert client_of(person).delete(f"/rooms/r{room.pk}/messages/m{said.message_id}/").status_code == 403
    assert texts(room, alice) == ["Stays"]


def test_a_message_is_found_in_its_own_room_only(
    client_of: Browser, alice: Any, room: Room, public_room: Room, say: Say
) -> None:
    said = say(alice, room, "Here")
    browser, url = client_of(alice), f"/rooms/r{public_room.pk}/messages/m{said.message_id}/"
    assert browser.get(url).status_code == 404
    assert browser.get(f"{url}source/").status_code == 404
    assert browser.post(url, {"text": "There"}).status_code == 404
    assert browser.delete(url).status_code == 404
    assert texts(room, alice) == ["Here"]


def test_a_deleted_messages_source_is_gone(client_of: Browser, alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Oops")
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said.message_id)
    assert "Oops" not in client_of(alice).get(f"/rooms/r{room.pk}/messages/").content.decode()


def test_reading(client_of: Browser, alice: Any, bob: Any, room: Room, say: Say) -> None:
    for number in range(3):
        say(bob, room, f"message {number}")
    browser, url = client_of(alice), f"/rooms/r{room.pk}/read/"
    assert browser.post(url, {"position": "2"}).status_code == 204
    assert 'data-read="2"' in browser.get(f"/rooms/r{room.pk}/").content.decode()
    for wrong in ("", "x", "-1", "99999999999999999999"):
        assert browser.post(url, {"position": wrong}).status_code == 422
    assert browser.get(url).status_code == 405
