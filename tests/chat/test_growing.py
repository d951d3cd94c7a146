"""Group conversations that become rooms: nothing is lost, nobody else gets in, and the conversation can begin anew."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import people
from chat import rooms
from chat.growing import grow_into_room
from chat.models import Message, Room
from chat.posts import Posted
from chat.reactions import add_reaction
from chat.room_names import NotAllowed, RoomRefused
from chat.search import search
from chat.sidebar import sidebar_of
from chat.unread import unread_of
from notifications.models import Notification
from tenants.db import in_organisation
from tests.chat.test_rooms import at_once, members
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


@pytest.fixture
def erin(alice: Any) -> Any:
    """One more member of Acme."""
    with in_organisation(alice.organisation):
        person = people.create_person(email="erin@acme.example", name="Erin", role="member")
    person.organisation = alice.organisation
    return person


@pytest.fixture
def group(alice: Any, bob: Any, charlie: Any, say: Say) -> Room:
    """A conversation of Alice, Bob and Charlie, with something said in it."""
    with in_organisation(alice.organisation):
        room = rooms.open_direct(alice, [bob.pk, charlie.pk])
    say(bob, room, "Shall we sail?")
    return room


def test_history_stays_and_everybody_is_told(
    alice: Any, bob: Any, charlie: Any, erin: Any, group: Room, say: Say, published: Published
) -> None:
    heard = len(published())
    with in_organisation(bob.organisation):
        room = grow_into_room(bob, group.pk, " #Sailing ", [erin.pk])
        assert (room.pk, room.kind, room.name, room.direct_key) == (group.pk, "private", "Sailing", None)
        assert members(room) == {"Alice", "Bob", "Charlie", "Erin"}
        said = list(Message.objects.filter(room=room).order_by("position"))
        assert [(one.kind, one.text) for one in said] == [
            ("post", "Shall we sail?"),
            ("system", "Bob turned this conversation into the room #Sailing."),
        ]
        assert (said[1].position, said[1].revision) == (2, Room.objects.get(pk=room.pk).head)
        assert 'data-kind="system"' in said[1].html
        assert [hit.room_name for hit in search(erin, "sail").items] == ["Sailing"] * 2
        for person, unread in ((alice, 1), (charlie, 1), (bob, 0), (erin, 0)):
            (found,) = (one for one in unread_of(person.pk) if one.room_id == room.pk)
            assert found.unread == unread, person  # the system's words are not unread
        assert "Sailing" in [line.name for line in sidebar_of(charlie)[0].rooms]
        assert sidebar_of(charlie)[0].directs == []
        assert not Notification.objects.filter(person=charlie, title__contains="Sailing").exists()
    frames = [json.loads(one.frame) for _, one in published()[heard:] if one.group == f"room.{room.pk}"]
    assert [frame["type"] for frame in frames] == ["room", "members", "messages"]
    assert [frame["after"] for frame in frames][1:] == [frame["revision"] for frame in frames][:-1]
    say(charlie, room, "Tomorrow")


def test_the_same_people_may_begin_anew(alice: Any, bob: Any, charlie: Any, group: Room) -> None:
    with in_organisation(alice.organisation):
        grow_into_room(alice, group.pk, "Sailing")
        assert rooms.open_direct(bob, [alice.pk, charlie.pk]).pk != group.pk


def test_of_two_at_once_one_is_done(alice: Any, group: Room) -> None:
    def grow() -> str:
        try:
            grow_into_room(alice, group.pk, "Sailing")
            return ""
        except RoomRefused as refused:
            return refused.code

    assert sorted(at_once(alice.organisation, grow, 4)) == ["", *["not_direct"] * 3]
    with in_organisation(alice.organisation):
        assert Message.objects.filter(room=group, kind="system").count() == 1


def test_who_may_not(
    alice: Any, bob: Any, charlie: Any, dana: Any, erin: Any, group: Room, room: Room
) -> None:
    with in_organisation(alice.organisation):
        two = rooms.open_direct(bob, [charlie.pk])
        with_dana = rooms.open_direct(bob, [alice.pk, dana.pk])
        for person, place, expected in (
            (erin, group, Room.DoesNotExist),
            (alice, two, Room.DoesNotExist),  # an owner is an outsider here
            (dana, with_dana, NotAllowed),
        ):
            with pytest.raises(expected):
                grow_into_room(person, place.pk, "Mine")
        for place, name, others, code in (
            (two, "Ours", [], "too_few"),
            (room, "Ours", [], "not_direct"),
            (group, " ", [], "name_missing"),
            (group, "design", [], "name_taken"),
            (group, "Ours", [999_999], "unknown_person"),
            (group, "Ours", [dana.pk], "guest"),
        ):
            with pytest.raises(RoomRefused) as refused:
                grow_into_room(bob, place.pk, name, others)
            assert refused.value.code == code
        assert Room.objects.get(pk=group.pk).kind == Room.Kind.DIRECT
        assert not Message.objects.filter(kind="system").exists()


def test_names_in_the_systems_words_mention_nobody(alice: Any, bob: Any, group: Room) -> None:
    with in_organisation(alice.organisation):
        grow_into_room(alice, group.pk, "For @room and @Bob")
        (found,) = (one for one in unread_of(bob.pk) if one.room_id == group.pk)
        assert found.mentions == 0


def test_over_http(bob: Any, erin: Any, group: Room, client_of: Browser) -> None:
    browser, url = client_of(bob), f"/rooms/r{group.pk}/growth/"
    details = browser.get(f"/rooms/r{group.pk}/details/").content.decode()
    assert url in details
    assert "a new conversation" in details
    answer = browser.post(url, {"name": ""}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "Give the room a name." in answer.content.decode()
    assert client_of(erin).post(url, {"name": "Mine"}).status_code == 404
    answer = browser.post(url, {"name": "Sailing", "people": f"p{erin.pk}"}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/rooms/r{group.pk}/"
    assert client_of(erin).get(f"/rooms/r{group.pk}/").status_code == 200


def test_nobody_rewrites_the_systems_words(alice: Any, bob: Any, group: Room, client_of: Browser) -> None:
    with in_organisation(alice.organisation):
        grow_into_room(alice, group.pk, "Regatta")
        said = Message.objects.get(kind="system")
    url = f"/rooms/r{group.pk}/messages/m{said.pk}/"
    assert client_of(alice).post(url, {"text": "Bob left. @Bob"}).status_code == 403
    with in_organisation(alice.organisation):
        assert Message.objects.get(pk=said.pk).text == said.text


def test_they_are_drawn_anew_without_mentions(alice: Any, bob: Any, group: Room) -> None:
    with in_organisation(alice.organisation):
        grow_into_room(alice, group.pk, "For @here and @Bob")
        said = Message.objects.get(kind="system")
        add_reaction(bob, group.pk, said.pk, "🎉")
        for html in (said.html, Message.objects.get(pk=said.pk).html):
            assert "data-mentions" not in html
