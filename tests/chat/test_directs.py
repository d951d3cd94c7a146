"""Direct messages: the same people always share one room, and nobody else comes in."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import people
from chat import rooms
from chat.models import Membership, Room
from chat.posts import Posted
from chat.rooms import RoomRefused
from chat.sidebar import sidebar_of
from tenants.db import in_organisation
from tests.chat.test_rooms import at_once, members
from tests.events import Published

Say = Callable[..., Posted]


def test_the_same_people_share_one_room(alice: Any, bob: Any, charlie: Any, published: Published) -> None:
    with in_organisation(alice.organisation):
        first = rooms.open_direct(alice, [bob.pk, charlie.pk])
        events = len(published())
        assert rooms.open_direct(charlie, [alice.pk, bob.pk, bob.pk]).pk == first.pk
        assert rooms.open_direct(bob, [charlie.pk, alice.pk]).pk == first.pk
        assert members(first) == {"Alice", "Bob", "Charlie"}
        assert rooms.open_direct(alice, [bob.pk]).pk != first.pk
    assert events == 2  # the members' count, and the personal sockets' new topic


def test_beginning_at_the_same_moment_makes_one_room(alice: Any, bob: Any) -> None:
    opened = at_once(alice.organisation, lambda: rooms.open_direct(alice, [bob.pk]).pk)
    assert len(set(opened)) == 1
    with in_organisation(alice.organisation):
        assert Membership.objects.filter(room_id=opened[0]).count() == 2


def test_notes_to_oneself(alice: Any) -> None:
    with in_organisation(alice.organisation):
        room = rooms.open_direct(alice, [])
        assert rooms.open_direct(alice, [alice.pk]).pk == room.pk
        assert members(room) == {"Alice"}


def test_strangers_and_crowds_are_refused(alice: Any, bob: Any, charlie: Any, mallory: Any) -> None:
    with in_organisation(alice.organisation):
        before = Room.objects.count()
        people.deactivate(alice, charlie.pk)
        for others, code in (
            ([bob.pk, 999_999], "unknown_person"),
            ([charlie.pk], "unknown_person"),
            (list(range(1000, 1009)), "too_many"),
        ):
            with pytest.raises(RoomRefused) as refused:
                rooms.open_direct(alice, others)
            assert refused.value.code == code
        assert Room.objects.count() == before


def test_eight_others_are_the_most(alice: Any) -> None:
    with in_organisation(alice.organisation):
        others = [
            people.create_person(email=f"n{number}@acme.example", name=f"N{number}", role="member").pk
            for number in range(9)
        ]
        assert len(members(rooms.open_direct(alice, others[:8]))) == 9
        with pytest.raises(RoomRefused):
            rooms.open_direct(alice, others)


def test_a_guest_writes_to_people_of_their_rooms_only(bob: Any, charlie: Any, dana: Any, room: Room) -> None:
    with in_organisation(dana.organisation):
        assert members(rooms.open_direct(dana, [bob.pk])) == {"Bob", "Dana"}
        with pytest.raises(RoomRefused):
            rooms.open_direct(dana, [charlie.pk])
        assert members(rooms.open_direct(charlie, [dana.pk])) == {"Charlie", "Dana"}


def test_what_was_said_with_somebody_deactivated_stays(alice: Any, bob: Any, say: Say) -> None:
    with in_organisation(alice.organisation):
        room = rooms.open_direct(alice, [bob.pk])
    say(bob, room, "See you")
    with in_organisation(alice.organisation):
        people.deactivate(alice, bob.pk)
        assert rooms.open_direct(alice, [bob.pk]).pk == room.pk


def test_its_people_never_change(alice: Any, bob: Any, charlie: Any) -> None:
    with in_organisation(alice.organisation):
        room = rooms.open_direct(bob, [charlie.pk])
        with pytest.raises(Room.DoesNotExist):
            rooms.join_room(alice, room.pk)  # an owner is an outsider here
        with pytest.raises(Room.DoesNotExist):
            rooms.archive_room(alice, room.pk)
        for change in (
            lambda: rooms.leave_room(bob, room.pk),
            lambda: rooms.add_members(bob, room.pk, [alice.pk]),
            lambda: rooms.remove_member(bob, room.pk, charlie.pk),
            lambda: rooms.rename_room(bob, room.pk, "Us"),
            lambda: rooms.archive_room(bob, room.pk),
        ):
            with pytest.raises(RoomRefused):
                change()
        assert members(room) == {"Bob", "Charlie"}


def test_it_shows_itself_to_the_others_with_its_first_message(alice: Any, bob: Any, say: Say) -> None:
    with in_organisation(alice.organisation):
        room = rooms.open_direct(alice, [bob.pk])
        assert [line.name for line in sidebar_of(alice)[0].directs] == ["Bob"]
        assert sidebar_of(bob)[0].directs == []
    say(alice, room, "Hello")
    with in_organisation(alice.organisation):
        (line,) = sidebar_of(bob)[0].directs
        assert (line.name, line.unread) == ("Alice", 1)
