"""The statement that brings a room with one's membership says what `visible_rooms` says."""

from typing import Any

import pytest

from chat import rooms
from chat.access import visible_rooms
from chat.models import Room
from chat.places import place_for
from tenants.db import in_organisation


def test_it_opens_the_rooms_that_are_visible_and_no_others(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
        rooms.leave_room(bob, public_room.pk)
        rooms.archive_room(alice, public_room.pk)
        everything = list(Room.objects.values_list("pk", flat=True))
        assert direct.pk in everything
        for person in (alice, bob, charlie, dana):
            visible = set(visible_rooms(person).values_list("pk", flat=True))
            for room_id in everything:
                if room_id in visible:
                    assert place_for(person, room_id).room == Room.objects.get(pk=room_id)
                else:
                    with pytest.raises(Room.DoesNotExist):
                        place_for(person, room_id)


def test_it_knows_the_membership_and_how_many_there_are(
    alice: Any, bob: Any, charlie: Any, public_room: Room, say: Any
) -> None:
    say(alice, public_room, "one")
    with in_organisation(alice.organisation):
        mine, theirs, visitors = (place_for(one, public_room.pk) for one in (alice, bob, charlie))
    assert [(one.is_member, one.read_position) for one in (mine, theirs, visitors)] == [
        (True, 1),
        (True, 0),
        (False, 1),  # for a visitor nothing is unread
    ]
    assert {one.members_count for one in (mine, theirs, visitors)} == {2}
    assert (visitors.may_join, visitors.may_post, mine.may_post) == (True, False, True)
