"""What a person makes of a room for themselves: where it stands, and of what it tells them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import profiles
from accounts.models import Notify
from chat import rooms
from chat.messages import post_messages
from chat.models import Membership, Room
from chat.posts import Post, Posted
from chat.preferences import DEFAULT, prefer, preferences_of
from chat.room_names import NotAllowed, RoomRefused
from chat.sidebar import sidebar_of
from notifications.models import Notification
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def choose(person: Any, room: Room, **wanted: Any) -> Membership:
    with in_organisation(person.organisation):
        return prefer(person, room.pk, **wanted)


def told(person: Any) -> list[tuple[str, str]]:
    """Kind and title of a person's unread notifications, oldest first."""
    with in_organisation(person.organisation):
        entries = Notification.objects.filter(person=person, read_at__isnull=True)
        return list(entries.order_by("pk").values_list("kind", "title"))


def test_a_change_is_told_to_oneself_only_and_once(bob: Any, room: Room, published: Published) -> None:
    choose(bob, room, favourite=True, muted=True, notify="all")
    ((_, envelope),) = published()
    assert envelope.topics == (f"person.{bob.pk}",)
    choose(bob, room, favourite=True, notify="all")
    assert len(published()) == 1
    with in_organisation(bob.organisation):
        kept = preferences_of(bob, room.pk)
        assert (kept.favourite, kept.muted, kept.notify, kept.notify_chosen) == (True, True, "all", True)
        assert Membership.objects.filter(favourite=True).count() == 1


def test_favourites_stand_first_and_once(alice: Any, bob: Any, room: Room, public_room: Room) -> None:
    with in_organisation(bob.organisation):
        direct = rooms.open_direct(bob, [alice.pk])
    for one in (room, direct):
        choose(bob, one, favourite=True)
    with in_organisation(bob.organisation):
        sidebar, _ = sidebar_of(bob)
        assert [line.id for line in sidebar.favourites] == [room.pk, direct.pk]
        assert room.pk not in [line.id for line in sidebar.rooms]
        assert sidebar.directs == []
        assert sidebar_of(alice)[0].favourites == []


def test_a_level_for_every_wish(alice: Any, bob: Any, dana: Any, room: Room, say: Say) -> None:
    choose(bob, room, notify="all")
    choose(dana, room, notify="nothing")
    say(alice, room, "Hello")
    say(alice, room, "Hello again")
    assert told(bob) == [("room", "Alice wrote in #Design")]  # renewed, not repeated
    assert told(dana) == told(alice) == []
    say(alice, room, "@Bob and @Dana, look")
    assert told(bob)[1:] == [("mention", "Alice mentioned you in #Design")]
    assert told(dana) == []
    choose(dana, room, notify=DEFAULT)
    say(alice, room, "@Dana")
    assert [kind for kind, _ in told(dana)] == ["mention"]


def test_a_muted_room_tells_of_nothing(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    choose(bob, room, notify="all", muted=True)
    root = say(alice, room, "@Bob, look")
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
        reply = Post(bob.pk, room.pk, uuid.uuid4(), "Why?", thread_id=root.message_id)
        answer = Post(alice.pk, room.pk, uuid.uuid4(), "Because", thread_id=root.message_id)
        for post in (reply, answer):
            post_messages([post])
    choose(bob, direct, muted=True)
    say(alice, direct, "Psst")
    assert told(bob) == []
    page = client_of(bob).get(f"/rooms/r{direct.pk}/").content.decode()
    assert f'<a class="sidebar-item mentioned muted" id="sidebar-r{room.pk}"' in page  # not bold, but counted
    assert f'<a class="sidebar-item muted" id="sidebar-r{direct.pk}"' in page
    choose(bob, direct, muted=False)
    say(alice, direct, "Psst")
    assert [kind for kind, _ in told(bob)] == ["direct"]


def test_an_edit_that_mentions_obeys_too(alice: Any, bob: Any, room: Room, say: Say) -> None:
    from chat.changes import edit_message

    said = say(alice, room, "Look")
    choose(bob, room, notify="nothing")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "Look, @Bob")
    assert told(bob) == []


def test_the_profile_says_what_holds_where_nothing_was_chosen(
    alice: Any, bob: Any, room: Room, public_room: Room, published: Published
) -> None:
    choose(bob, room, notify="mentions")
    heard = len(published())
    with in_organisation(bob.organisation):
        profiles.update_profile(bob, name=bob.name, time_zone=bob.time_zone, notify="all")
        assert preferences_of(bob, room.pk).notify == Notify.MENTIONS
        assert preferences_of(bob, public_room.pk).notify == Notify.ALL
        made = rooms.create_room(alice, "Later", members=[bob.pk])
        assert preferences_of(bob, made.pk).notify == Notify.ALL
        assert preferences_of(alice, made.pk).notify == Notify.MENTIONS
        assert prefer(bob, room.pk, notify=DEFAULT).notify == Notify.ALL
    assert not [one for _, one in published()[heard:] if "everyone" in one.topics]  # nobody else's business


def test_the_profile_page(bob: Any, room: Room, client_of: Browser) -> None:
    browser = client_of(bob)
    assert "tell me of" in browser.get("/me/").content.decode()
    browser.post("/me/", {"name": "Bob", "time_zone": "UTC", "notify": "nothing"})
    with in_organisation(bob.organisation):
        assert preferences_of(bob, room.pk).notify == Notify.NOTHING
    browser.post("/me/", {"name": "Bob", "time_zone": "UTC"})  # a form of before
    with in_organisation(bob.organisation):
        assert preferences_of(bob, room.pk).notify == Notify.NOTHING


def test_only_who_is_in_the_room(charlie: Any, mallory: Any, room: Room, public_room: Room) -> None:
    for person, place in ((charlie, room), (mallory, room)):
        with pytest.raises(Room.DoesNotExist):
            choose(person, place, muted=True)
    with pytest.raises(NotAllowed):
        choose(charlie, public_room, muted=True)
    with in_organisation(charlie.organisation):
        assert not Membership.objects.filter(muted=True).exists()


def test_the_menu_over_http(alice: Any, bob: Any, room: Room, client_of: Browser) -> None:
    browser, url = client_of(bob), f"/rooms/r{room.pk}/preferences/"
    assert 'data-fields="muted=1"' in browser.get(url).content.decode()
    assert browser.post(url, {"muted": "1"}).status_code == 204
    menu = browser.get(url).content.decode()
    assert 'aria-checked="true" data-fields="muted=0"' in menu
    assert 'data-fields="notify=' not in menu  # it tells of nothing anyway
    for nonsense in ({"muted": "yes"}, {"favourite": ""}, {"notify": "loudly"}, {"notify": ""}):
        assert browser.post(url, nonsense).status_code == 422
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(bob, [alice.pk])
    assert 'data-fields="notify=' not in browser.get(f"/rooms/r{direct.pk}/preferences/").content.decode()
    with pytest.raises(RoomRefused):
        choose(bob, room, notify="loudly")


def test_nobody_to_tell_costs_nothing(alice: Any, bob: Any, room: Room, say: Say) -> None:
    say(alice, room, "Hello")
    with queries() as plain:
        say(alice, room, "Hello")
    choose(bob, room, notify="all", muted=True)
    with queries() as muted:
        say(alice, room, "Hello")
    assert len(muted) == len(plain)


def test_who_left_and_comes_back_keeps_their_level_and_hears_nothing_meanwhile(
    alice: Any, bob: Any, public_room: Room, say: Say
) -> None:
    choose(bob, public_room, notify="all")
    with in_organisation(bob.organisation):
        rooms.leave_room(bob, public_room.pk)
    say(alice, public_room, "Hello")
    assert told(bob) == []
    with in_organisation(bob.organisation):
        rooms.join_room(bob, public_room.pk)
    say(alice, public_room, "Hello")
    assert [kind for kind, _ in told(bob)] == ["room"]
