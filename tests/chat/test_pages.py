"""The workspace's pages over HTTP: what they carry, what they cost, and what forms answer."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.profiles import update_profile
from accounts.statuses import set_status
from chat import rooms
from chat.models import Membership, Room
from chat.posts import Posted
from tenants.db import in_organisation
from tenants.models import Organisation

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
WRITES = '<form class="composer" id="composer"'
HTMX = {"HX-Request": "true"}


def people_of(html: str) -> dict[str, Any]:
    """The cards that a page carries."""
    found = re.search(r'<script id="people" type="application/json">(.*?)</script>', html)
    assert found
    return json.loads(found[1])


@pytest.fixture
def general(acme: Organisation) -> Room:
    with in_organisation(acme):
        return Room.objects.get(is_default=True)


# -- Arriving ----------------------------------------------------------------------------------------------------


def test_arriving_leads_to_everybodys_room_then_to_the_last_one(
    client_of: Browser, alice: Any, general: Room, room: Room
) -> None:
    browser = client_of(alice)
    assert browser.get("/").headers["Location"] == f"/rooms/r{general.pk}/"
    browser.get(f"/rooms/r{room.pk}/")
    assert browser.get("/").headers["Location"] == f"/rooms/r{room.pk}/"


def test_a_remembered_room_that_is_no_longer_ones_own_is_forgotten(
    client_of: Browser, alice: Any, bob: Any, general: Room, room: Room
) -> None:
    browser = client_of(bob)
    browser.get(f"/rooms/r{room.pk}/")
    with in_organisation(alice.organisation):
        rooms.remove_member(alice, room.pk, bob.pk)
    assert browser.get("/").headers["Location"] == f"/rooms/r{general.pk}/"
    browser.cookies["parley-room"] = "r0'; drop table"
    assert browser.get("/").headers["Location"] == f"/rooms/r{general.pk}/"


def test_a_guest_without_rooms_is_welcomed(client_of: Browser, dana: Any) -> None:
    answer = client_of(dana).get("/")
    assert answer.status_code == 200
    assert "chat/welcome.html" in {template.name for template in answer.templates}


# -- The room ----------------------------------------------------------------------------------------------------


def test_the_first_answer_has_the_messages_the_sidebar_and_the_people(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room, say: Say
) -> None:
    say(bob, room, "Hello from Bob")
    say(bob, public_room, "unread")
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [charlie.pk])
    html = client_of(alice).get(f"/rooms/r{room.pk}/").content.decode()
    assert "Hello from Bob" in html
    assert f'id="sidebar-r{public_room.pk}"' in html
    assert f'id="sidebar-r{direct.pk}"' in html
    assert set(people_of(html)) >= {f"p{person.pk}" for person in (alice, bob, charlie)}
    assert f'data-revision="{room.head + 1}"' in html
    assert 'data-read="0"' in html


def test_a_permalink_opens_the_room_around_its_message(
    client_of: Browser, alice: Any, room: Room, public_room: Room, say: Say
) -> None:
    said = [say(alice, room, f"message {number}.") for number in range(120)]
    elsewhere = say(alice, public_room, "elsewhere")
    browser = client_of(alice)
    answer = browser.get(f"/rooms/r{room.pk}/messages/m{said[40].message_id}/", follow=True)
    html = answer.content.decode()
    assert answer.redirect_chain == [(f"/rooms/r{room.pk}/?message=m{said[40].message_id}", 302)]
    assert "message 40." in html
    assert "message 119." not in html
    assert f'data-highlight="m{said[40].message_id}"' in html
    for wrong in (f"m{elsewhere.message_id}", "m999999", "12", "mx", "m0"):
        assert browser.get(f"/rooms/r{room.pk}/?message={wrong}").status_code == 404


def test_a_room_with_much_unread_opens_where_reading_ended(
    client_of: Browser, alice: Any, bob: Any, room: Room, say: Say
) -> None:
    for number in range(70):
        say(alice, room, f"message {number}")
    shown = client_of(bob).get(f"/rooms/r{room.pk}/").content.decode()
    assert 'data-first="1"' in shown and 'data-has-newer="1"' in shown
    shown = client_of(alice).get(f"/rooms/r{room.pk}/").content.decode()
    assert 'data-last="70"' in shown and 'data-has-newer=""' in shown


def test_looking_into_a_public_room_offers_to_join(
    client_of: Browser, alice: Any, charlie: Any, public_room: Room, say: Say
) -> None:
    say(alice, public_room, "Come in")
    page = client_of(charlie).get(f"/rooms/r{public_room.pk}/").content.decode()
    assert "Come in" in page
    assert "Join the room" in page and WRITES not in page
    assert 'data-read="1"' in page


def test_joining_and_leaving(client_of: Browser, charlie: Any, public_room: Room) -> None:
    browser, url = client_of(charlie), f"/rooms/r{public_room.pk}/membership/"
    assert browser.post(url).headers["Location"] == f"/rooms/r{public_room.pk}/"
    assert WRITES in browser.get(f"/rooms/r{public_room.pk}/").content.decode()
    left = browser.delete(url, headers=HTMX)
    assert (left.status_code, left.headers["HX-Redirect"]) == (204, f"/rooms/r{public_room.pk}/")
    assert WRITES not in browser.get(f"/rooms/r{public_room.pk}/").content.decode()


def test_leaving_a_private_room_leads_home(client_of: Browser, bob: Any, room: Room) -> None:
    browser = client_of(bob)
    assert browser.delete(f"/rooms/r{room.pk}/membership/").headers["HX-Redirect"] == "/"
    assert browser.get(f"/rooms/r{room.pk}/").status_code == 404


def test_what_people_call_a_room_is_only_text(client_of: Browser, alice: Any, room: Room) -> None:
    name, escaped = '<b>100 % & "{{ room }}"', "&lt;b&gt;100 % &amp; &quot;{{ room }}&quot;"
    with in_organisation(alice.organisation):
        Room.objects.filter(pk=room.pk).update(name=name, topic=name, description=f"{name}\nand more")
    page = client_of(alice).get(f"/rooms/r{room.pk}/").content.decode()
    assert "<b>100" not in page
    places = ("<title>#", "data-room-topic>", "is where #", "Write in #")
    assert [place for place in places if f"{place}{escaped}" not in page] == []
    assert f"{escaped}<br>and more" in page


# -- Browsing and creating ---------------------------------------------------------------------------------------


def test_browsing_shows_what_one_may_read(
    client_of: Browser, alice: Any, charlie: Any, dana: Any, room: Room, public_room: Room
) -> None:
    def names(person: Any, query: str = "") -> list[str]:
        page = client_of(person).get(f"/rooms/{query}").context["page"]
        return [entry.name for entry in page.object_list]

    assert names(alice) == ["Design", "general", "Lounge"]
    assert names(charlie) == ["general", "Lounge"]
    assert names(dana) == ["Design"]
    assert names(alice, "?q=LOU") == ["Lounge"]
    assert names(alice, "?q=%00%25") == []
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, public_room.pk)
    assert names(charlie) == ["general"]
    assert names(charlie, "?archived=1") == ["general", "Lounge"]


def test_the_list_of_rooms_for_htmx_is_a_part(client_of: Browser, alice: Any, public_room: Room) -> None:
    html = client_of(alice).get("/rooms/?q=lounge", headers=HTMX).content.decode()
    assert "Lounge" in html
    assert "<html" not in html


def test_creating_a_room_leads_into_it(client_of: Browser, alice: Any, bob: Any) -> None:
    form = {"name": "Plans", "topic": "What next", "kind": "private", "people": f"p{bob.pk}"}
    answer = client_of(alice).post("/rooms/", form)
    with in_organisation(alice.organisation):
        made = Room.objects.get(name="Plans")
        assert (made.kind, made.topic) == ("private", "What next")
        assert Membership.objects.filter(room=made).count() == 2
    assert answer.headers["Location"] == f"/rooms/r{made.pk}/"


@pytest.mark.parametrize(
    ("form", "field", "status"),
    [
        ({"name": ""}, "name", 422),
        ({"name": "x" * 61}, "name", 422),
        ({"name": "LOUNGE"}, "name", 409),
        ({"name": "nul\x00"}, "name", 422),
        ({"name": "Fine", "topic": "x" * 251}, "topic", 422),
        ({"name": "Fine", "kind": "direct"}, "kind", 422),
        ({"name": "Fine", "kind": "secret"}, "kind", 422),
        ({"name": "Fine", "people": "p999999"}, "people", 422),
        ({"name": "Fine", "people": "r1"}, "people", 422),
        ({"name": "Fine", "people": "p1;drop"}, "people", 422),
    ],
)
def test_a_refused_room_shows_the_form_again(
    client_of: Browser, alice: Any, public_room: Room, form: dict[str, str], field: str, status: int
) -> None:
    answer = client_of(alice).post("/rooms/", form)
    assert answer.status_code == status
    assert list(answer.context["errors"]) == [field]
    assert answer.context["form"]["name"] == form["name"]
    with in_organisation(alice.organisation):
        assert not Room.objects.filter(name="Fine").exists()


def test_guests_find_no_form(client_of: Browser, dana: Any) -> None:
    browser = client_of(dana)
    refused = browser.get("/rooms/new/", headers=BROWSER)
    assert refused.status_code == 403
    assert "create rooms" in refused.content.decode()
    assert browser.post("/rooms/", {"name": "Mine"}).status_code == 403
    with in_organisation(dana.organisation):
        assert not Room.objects.filter(name="Mine").exists()


def test_creating_rooms_has_a_limit(client_of: Browser, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.views.rooms.MOST_CREATED", (2, 60))
    browser = client_of(alice)
    statuses = [browser.post("/rooms/", {"name": f"Room {number}"}).status_code for number in range(3)]
    assert statuses == [302, 302, 429]
    late = browser.post("/rooms/", {"name": "Another"})
    assert int(late.headers["Retry-After"]) >= 1
    assert late.json()["error"]["code"] == "rate_limited"


# -- Panels ------------------------------------------------------------------------------------------------------


def test_details_are_a_panel_for_htmx_and_a_page_else(client_of: Browser, alice: Any, room: Room) -> None:
    browser, url = client_of(alice), f"/rooms/r{room.pk}/details/"
    part = browser.get(url, headers=HTMX).content.decode()
    assert part.lstrip().startswith("<section")
    page = browser.get(url).content.decode()
    assert "<html" in page
    assert '<section class="panel-card" id="details"' in page


def test_changing_name_and_topic(client_of: Browser, bob: Any, room: Room) -> None:
    browser, url = client_of(bob), f"/rooms/r{room.pk}/details/"
    saved = browser.post(url, {"name": "Drawing", "topic": "Pens"}, headers=HTMX)
    assert saved.status_code == 200
    assert saved.context["saved"]
    assert "Drawing" in saved.content.decode()
    refused = browser.post(url, {"name": "", "topic": "Pens"}, headers=HTMX)
    assert refused.status_code == 422
    assert list(refused.context["errors"]) == ["name"]
    with in_organisation(bob.organisation):
        assert Room.objects.get(pk=room.pk).name == "Drawing"


def test_archiving_and_restoring(client_of: Browser, alice: Any, bob: Any, room: Room) -> None:
    url = f"/rooms/r{room.pk}/archive/"
    assert client_of(bob).post(url, headers=HTMX).status_code == 403
    browser = client_of(alice)
    archived = browser.post(url, headers=HTMX)
    assert archived.context["room"].is_archived
    assert "details-restore" in archived.content.decode()
    assert not browser.delete(url, headers=HTMX).context["room"].is_archived


def test_the_members_panel(client_of: Browser, alice: Any, bob: Any, charlie: Any, room: Room) -> None:
    browser, url = client_of(alice), f"/rooms/r{room.pk}/memberships/"
    shown = browser.get(url, headers=HTMX).context["members"]
    assert [(card["name"], card["removable"]) for card in shown] == [
        ("Alice", False),
        ("Bob", True),
        ("Dana", True),
    ]
    added = browser.post(url, {"people": f"p{charlie.pk}"}, headers=HTMX)
    assert (added.context["added"], added.context["members_count"]) == (1, 4)
    refused = browser.post(url, {"people": "p999999"}, headers=HTMX)
    assert refused.status_code == 422
    assert refused.context["error"]
    gone = browser.delete(f"{url}p{bob.pk}/", headers=HTMX)
    assert [card["name"] for card in gone.context["members"]] == ["Alice", "Charlie", "Dana"]
    assert [card["name"] for card in browser.get(f"{url}?q=CHA", headers=HTMX).context["members"]] == [
        "Charlie"
    ]
    assert not any(card["removable"] for card in client_of(charlie).get(url, headers=HTMX).context["members"])


# -- Sidebar, switcher, directory, directs -----------------------------------------------------------------------


def test_the_sidebar_alone(client_of: Browser, alice: Any, bob: Any, room: Room, say: Say) -> None:
    say(bob, room, "Hello @Alice")
    answer = client_of(alice).get(f"/sidebar/?room=r{room.pk}", headers=HTMX)
    assert answer.content.decode().lstrip().startswith("<nav")
    line = answer.content.decode().split(f'id="sidebar-r{room.pk}"')[1].split("</li>")[0]
    assert 'data-unread="1" data-mentions="1"' in line
    with in_organisation(alice.organisation):
        room.refresh_from_db()
    assert f'data-head="{room.head}"' in line
    assert 'aria-current="page"' in line
    assert 'aria-current="page"' not in client_of(alice).get("/sidebar/?room=rubbish").content.decode()


def test_each_person_has_their_own_sidebar(
    client_of: Browser, alice: Any, bob: Any, dana: Any, room: Room
) -> None:
    """It is filled into one drawing for all: what is decided by role and what is a person's own must not stay in it."""
    for person in (alice, dana, bob, alice):
        html = client_of(person).get("/sidebar/").content.decode()
        assert f"<strong>{person.name}</strong>" in html
        assert person.get_role_display() in html
        assert ('href="/invitations/"' in html) is person.is_administrator
        assert ('href="/people/"' in html) is not person.is_guest
        assert ('id="section-rooms-add"' in html) is not person.is_guest


def test_the_switcher(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room, say: Say
) -> None:
    say(bob, room, "Hello")

    def labels(person: Any, query: str = "") -> list[tuple[str, str]]:
        items = client_of(person).get("/switcher/", {"q": query}).json()["items"]
        return [(item["kind"], item["label"]) for item in items]

    assert labels(alice)[0] == ("private", "Design")  # unread first
    assert labels(alice, "lou") == [("room", "Lounge")]
    assert labels(charlie, "lou") == [("room", "Lounge")]  # he may join it
    assert labels(charlie, "desi") == []
    assert labels(alice, "@bo") == [("person", "Bob")]
    with in_organisation(alice.organisation):
        rooms.open_direct(alice, [bob.pk])
    assert ("direct", "Bob") in labels(alice, "bo")


def test_completion_knows_the_rooms_members_first(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, room: Room
) -> None:
    browser = client_of(alice)

    def names(query: str) -> list[str]:
        return [card["name"] for card in browser.get(f"/directory/{query}").json()["people"]]

    assert names("?q=") == ["Alice", "Bob", "Charlie", "Dana"]
    assert names(f"?q=&room=r{room.pk}") == ["Alice", "Bob", "Dana", "Charlie"]
    assert names("?q=ch") == ["Charlie"]
    assert names("?q=%25") == names("?q=_") == []
    assert names(f"?ids=p{bob.pk},p{charlie.pk},p999999") == ["Bob", "Charlie"]
    assert browser.get("/directory/?ids=p1,x").status_code == 422
    assert browser.get(f"/directory/?ids={','.join(['p1'] * 201)}").status_code == 422


def test_a_profile_says_who_somebody_is(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, mallory: Any, room: Room
) -> None:
    with in_organisation(bob.organisation):
        update_profile(bob, name="Bob", time_zone="Asia/Tokyo", title="Keeps the <books>")
        set_status(bob, emoji="🌴", text="On holiday", until=None)
    said = client_of(charlie).get(f"/directory/p{bob.pk}/", headers={"HX-Request": "true"})
    page = said.content.decode()
    assert "Keeps the &lt;books&gt;" in page and "On holiday" in page and 'data-zone="Asia/Tokyo"' in page
    assert bob.email not in page and "<html" not in page
    assert bob.email in client_of(alice).get(f"/directory/p{bob.pk}/").content.decode()
    own = client_of(bob).get(f"/directory/p{bob.pk}/?room=r{room.pk}").content.decode()
    assert "Edit my profile" in own and "Write to them" not in own and "<html" in own
    assert client_of(mallory).get("/directory/p999999/").status_code == 404


def test_a_guest_knows_the_people_of_their_rooms(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room
) -> None:
    browser = client_of(dana)
    asked = ",".join(f"p{person.pk}" for person in (alice, bob, charlie, dana))
    assert [card["name"] for card in browser.get(f"/directory/?ids={asked}").json()["people"]] == [
        "Alice",
        "Bob",
        "Dana",
    ]
    assert [card["name"] for card in browser.get("/directory/?q=").json()["people"]] == [
        "Alice",
        "Bob",
        "Dana",
    ]
    assert browser.get("/directory/?q=charlie").json()["people"] == []
    assert browser.get(f"/directory/p{charlie.pk}/").status_code == 404
    assert browser.get(f"/directory/p{bob.pk}/").status_code == 200
    assert browser.get(f"/directory/?q=&room=r{public_room.pk}").status_code == 404
    with in_organisation(alice.organisation):
        rooms.leave_room(bob, room.pk)  # what he said is still there
    assert "Bob" in [card["name"] for card in browser.get(f"/directory/?ids={asked}").json()["people"]]


def test_opening_a_direct_message(client_of: Browser, alice: Any, bob: Any) -> None:
    browser = client_of(alice)
    assert [card["name"] for card in browser.get("/directs/").context["recent"]] == ["Bob", "Charlie", "Dana"]
    opened = browser.post("/directs/", {"people": f"p{bob.pk}"})
    again = client_of(bob).post("/directs/", {"people": f"p{alice.pk}"}, headers=HTMX)
    assert again.headers["HX-Redirect"] == opened.headers["Location"]
    page = browser.get(opened.headers["Location"]).content.decode()
    assert "data-room-name>Bob<" in page
    for wrong in ("", "p999999", "bob", "p1,p2,p3,p4,p5,p6,p7,p8,p9,p10,p11"):
        refused = browser.post("/directs/", {"people": wrong})
        assert refused.status_code == 422
        assert refused.context["error"]
