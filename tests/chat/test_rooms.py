"""Rooms and who is in them: who may do what, what is counted, and what is announced."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from accounts import people
from chat import rooms
from chat.messages import post_messages
from chat.models import Membership, Room
from chat.posts import Post, Posted, Refused
from chat.rooms import NotAllowed, RoomRefused
from tenants.db import in_organisation, leave
from tenants.models import Organisation
from tests.events import Published

Say = Callable[..., Posted]


def members(room: Room) -> set[str]:
    present = Membership.objects.filter(room=room, left_at__isnull=True)
    return set(present.values_list("person__name", flat=True))


def frames(published: Published, group: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame) for frame in published.frames(group)]


def at_once(organisation: Organisation, function: Callable[[], Any], times: int = 8) -> list[Any]:
    """Call `function` from several threads, each with a connection of its own."""

    def call(_: int) -> Any:
        try:
            with in_organisation(organisation):
                return function()
        finally:
            leave()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(call, range(times)))


@pytest.fixture
def general(acme: Organisation) -> Room:
    """The room that everybody but guests is in."""
    with in_organisation(acme):
        return Room.objects.get(is_default=True)


# -- Creating ----------------------------------------------------------------------------------------------------


def test_a_new_room_has_its_people_and_tells_them(alice: Any, bob: Any, published: Published) -> None:
    with in_organisation(alice.organisation):
        room = rooms.create_room(alice, "  #Design   talk ", Room.Kind.PRIVATE, "What we\ndraw", [bob.pk])
        assert (room.name, room.topic, room.kind) == ("Design talk", "What we draw", "private")
        assert members(room) == {"Alice", "Bob"}
        assert room.created_at is not None
    (_, envelope), *rest = published("activity")
    assert not rest
    assert envelope.join == f"room.{room.pk}"
    assert set(envelope.topics) == {f"person.{alice.pk}", f"person.{bob.pk}"}
    assert frames(published, "activity") == [{"type": "rooms"}]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_missing"),
        ("  ", "name_missing"),
        ("###", "name_missing"),
        ("x" * 61, "name_too_long"),
        ("a\x00b", "name_malformed"),
        ("a\x1bb", "name_malformed"),
        ("a\u202eb", "name_malformed"),
        ("\u200b", "name_malformed"),
    ],
)
def test_a_bad_name_is_refused_and_changes_nothing(
    alice: Any, name: str, code: str, published: Published
) -> None:
    with in_organisation(alice.organisation):
        before = Room.objects.count()
        with pytest.raises(RoomRefused) as refused:
            rooms.create_room(alice, name)
        assert refused.value.code == code
        assert Room.objects.count() == before
    assert published() == []


@pytest.mark.parametrize("name", ["Δοκιμή", "日本語", "café", "👩‍👩‍👧 family", "<script>", "x" * 60])
def test_names_of_every_language_are_fine(alice: Any, name: str) -> None:
    with in_organisation(alice.organisation):
        assert rooms.create_room(alice, name).name == name


def test_a_name_is_given_once_whatever_its_case(alice: Any, charlie: Any, room: Room) -> None:
    with in_organisation(alice.organisation):
        with pytest.raises(RoomRefused) as refused:
            rooms.create_room(charlie, "DESIGN")  # a private room he can't see: "taken" is all he learns
        assert refused.value.code == "name_taken"
        assert "private" not in refused.value.detail
        assert not Membership.objects.filter(person=charlie, room__name="DESIGN").exists()


def test_archiving_frees_a_name_and_restoring_needs_it(alice: Any, bob: Any, room: Room) -> None:
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
        rooms.create_room(bob, "Design")
        with pytest.raises(RoomRefused) as refused:
            rooms.restore_room(alice, room.pk)
        assert refused.value.code == "name_taken"
        assert Room.objects.get(pk=room.pk).is_archived


def test_only_active_people_of_the_organisation_become_members(
    alice: Any, bob: Any, charlie: Any, mallory: Any
) -> None:
    with in_organisation(alice.organisation):
        people.deactivate(alice, charlie.pk)
        for stranger in (charlie.pk, 999_999):
            with pytest.raises(RoomRefused) as refused:
                rooms.create_room(alice, "Plans", members=[bob.pk, stranger])
            assert refused.value.code == "unknown_person"
        assert not Room.objects.filter(name="Plans").exists()


def test_guests_create_no_rooms_and_only_administrators_bring_them(bob: Any, dana: Any) -> None:
    with in_organisation(bob.organisation):
        with pytest.raises(NotAllowed):
            rooms.create_room(dana, "Mine")
        with pytest.raises(RoomRefused) as refused:
            rooms.create_room(bob, "Ours", members=[dana.pk])
        assert refused.value.code == "guest"


# -- Name, topic, archive ----------------------------------------------------------------------------------------


def test_a_rename_counts_one_revision_and_is_announced(bob: Any, room: Room, published: Published) -> None:
    with in_organisation(bob.organisation):
        renamed = rooms.describe_room(bob, room.pk, name="Drawing", topic="Pens")
        assert (renamed.head, renamed.revision) == (room.head + 1, room.head + 1)
        rooms.rename_room(bob, room.pk, "Drawing")  # the same again
        assert Room.objects.get(pk=room.pk).head == room.head + 1
    (frame,) = frames(published, f"room.{room.pk}")
    assert frame["type"] == "room"
    assert frame["name"] == "Drawing"
    assert frame["topic"] == "Pens"
    assert (frame["after"], frame["revision"]) == (room.head, room.head + 1)
    assert frames(published, "activity") == [{"type": "rooms"}]


def test_who_may_rename(
    alice: Any, charlie: Any, dana: Any, mallory: Any, room: Room, public_room: Room
) -> None:
    with in_organisation(alice.organisation):
        with pytest.raises(Room.DoesNotExist):
            rooms.rename_room(charlie, room.pk, "Mine")
        with pytest.raises(NotAllowed):
            rooms.rename_room(charlie, public_room.pk, "Mine")
        with pytest.raises(NotAllowed):
            rooms.rename_room(dana, room.pk, "Mine")
        with pytest.raises(Room.DoesNotExist):
            rooms.set_topic(dana, public_room.pk, "Mine")
    with in_organisation(mallory.organisation), pytest.raises(Room.DoesNotExist):
        rooms.rename_room(mallory, room.pk, "Mine")


def test_an_archived_room_is_read_and_not_changed(alice: Any, bob: Any, room: Room, say: Say) -> None:
    say(alice, room, "Hello")
    with in_organisation(alice.organisation):
        with pytest.raises(NotAllowed):
            rooms.archive_room(bob, room.pk)
        archived = rooms.archive_room(alice, room.pk)
        assert archived.is_archived
        assert rooms.archive_room(alice, room.pk).head == archived.head  # twice is once
        for change in (
            lambda: rooms.rename_room(bob, room.pk, "New"),
            lambda: rooms.add_members(alice, room.pk, [bob.pk]),
        ):
            with pytest.raises(RoomRefused) as refused:
                change()
            assert refused.value.code == "archived"
        restored = rooms.restore_room(alice, room.pk)
        assert not restored.is_archived
        assert restored.head == archived.head + 1


def test_posting_into_an_archived_room_is_refused(alice: Any, room: Room) -> None:
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
        (answer,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "Anybody?")])
    assert isinstance(answer, Refused)
    assert answer.code == "archived"


def test_everybodys_room_stays(alice: Any, bob: Any, general: Room) -> None:
    with in_organisation(alice.organisation):
        assert members(general) == {"Alice", "Bob", "Charlie"}  # and no guest
        for change in (
            lambda: rooms.archive_room(alice, general.pk),
            lambda: rooms.leave_room(bob, general.pk),
            lambda: rooms.remove_member(alice, general.pk, bob.pk),
        ):
            with pytest.raises(RoomRefused):
                change()
        assert members(general) == {"Alice", "Bob", "Charlie"}


# -- Joining and leaving -----------------------------------------------------------------------------------------


def test_nothing_before_joining_is_unread(alice: Any, charlie: Any, public_room: Room, say: Say) -> None:
    say(alice, public_room, "one")
    with in_organisation(charlie.organisation):
        rooms.join_room(charlie, public_room.pk)
        membership = Membership.objects.get(room=public_room, person=charlie)
        assert membership.read_position == 1
        rooms.leave_room(charlie, public_room.pk)
        left = Membership.objects.get(pk=membership.pk)
        assert left.left_at is not None
        assert left.revision > membership.revision
    say(alice, public_room, "two")
    with in_organisation(charlie.organisation):
        rooms.join_room(charlie, public_room.pk)
        back = Membership.objects.get(pk=membership.pk)
        assert (back.left_at, back.read_position) == (None, 2)
        assert back.joined_at > membership.joined_at


def test_joining_is_announced_once(charlie: Any, public_room: Room, published: Published) -> None:
    with in_organisation(charlie.organisation):
        rooms.join_room(charlie, public_room.pk)
        rooms.join_room(charlie, public_room.pk)
    (frame,) = frames(published, f"room.{public_room.pk}")
    assert frame["type"] == "members"
    assert frame["count"] == 3
    assert [envelope.join for _, envelope in published("activity")] == [f"room.{public_room.pk}"]


def test_joining_at_once_from_many_pages_is_joining_once(charlie: Any, public_room: Room) -> None:
    at_once(charlie.organisation, lambda: rooms.join_room(charlie, public_room.pk))
    with in_organisation(charlie.organisation):
        assert Membership.objects.filter(room=public_room, person=charlie).count() == 1
        assert Room.objects.get(pk=public_room.pk).head == public_room.head + 1


def test_who_may_join(charlie: Any, dana: Any, mallory: Any, room: Room, public_room: Room) -> None:
    with in_organisation(charlie.organisation):
        with pytest.raises(Room.DoesNotExist):
            rooms.join_room(charlie, room.pk)
        with pytest.raises(Room.DoesNotExist):
            rooms.join_room(dana, public_room.pk)
    with in_organisation(mallory.organisation), pytest.raises(Room.DoesNotExist):
        rooms.join_room(mallory, public_room.pk)


def test_an_archived_room_takes_nobody_in(alice: Any, charlie: Any, public_room: Room) -> None:
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, public_room.pk)
        with pytest.raises(RoomRefused) as refused:
            rooms.join_room(charlie, public_room.pk)
        assert refused.value.code == "archived"


def test_the_last_one_out_archives_a_private_room(alice: Any, charlie: Any) -> None:
    with in_organisation(alice.organisation):
        room = rooms.create_room(alice, "Secret", Room.Kind.PRIVATE)
        rooms.leave_room(alice, room.pk)
        assert Room.objects.get(pk=room.pk).is_archived
        rooms.create_room(charlie, "Secret")


def test_leaving_a_private_room_ends_its_sockets_and_a_public_one_does_not(
    bob: Any, room: Room, public_room: Room, published: Published
) -> None:
    with in_organisation(bob.organisation):
        rooms.leave_room(bob, room.pk)
        rooms.leave_room(bob, public_room.pk)
    closing = [envelope for _, envelope in published("activity") if envelope.close]
    assert [(envelope.topics, envelope.close) for envelope in closing] == [
        ((f"member.{room.pk}.{bob.pk}",), 4403)
    ]
    leaving = [envelope.leave for _, envelope in published("activity") if envelope.leave]
    assert leaving == [f"room.{room.pk}", f"room.{public_room.pk}"]


# -- Others ------------------------------------------------------------------------------------------------------


def test_members_add_people(alice: Any, bob: Any, charlie: Any, room: Room) -> None:
    with in_organisation(bob.organisation):
        assert rooms.add_members(bob, room.pk, [charlie.pk, alice.pk]) == [charlie.pk]
        assert members(room) == {"Alice", "Bob", "Charlie", "Dana"}
        assert rooms.add_members(bob, room.pk, [charlie.pk]) == []


def test_who_may_add(alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room) -> None:
    with in_organisation(bob.organisation):
        with pytest.raises(Room.DoesNotExist):
            rooms.add_members(charlie, room.pk, [charlie.pk])
        with pytest.raises(NotAllowed):
            rooms.add_members(charlie, public_room.pk, [charlie.pk])
        with pytest.raises(NotAllowed):
            rooms.add_members(dana, room.pk, [charlie.pk])
        with pytest.raises(RoomRefused) as refused:
            rooms.add_members(bob, public_room.pk, [charlie.pk, dana.pk])
        assert refused.value.code == "guest"
        assert members(public_room) == {"Alice", "Bob"}
        assert rooms.add_members(alice, public_room.pk, [charlie.pk, dana.pk]) == [charlie.pk, dana.pk]


def test_who_may_remove(alice: Any, bob: Any, charlie: Any, dana: Any, room: Room) -> None:
    with in_organisation(bob.organisation):
        with pytest.raises(Room.DoesNotExist):
            rooms.remove_member(charlie, room.pk, bob.pk)
        for person in (bob, dana):
            with pytest.raises(NotAllowed):
                rooms.remove_member(person, room.pk, alice.pk)
        with pytest.raises(RoomRefused):
            rooms.remove_member(alice, room.pk, charlie.pk)  # not in it
        rooms.remove_member(alice, room.pk, bob.pk)
        assert members(room) == {"Alice", "Dana"}
        with pytest.raises(Room.DoesNotExist):
            rooms.remove_member(bob, room.pk, dana.pk)


def test_the_creator_removes_people_without_being_an_administrator(bob: Any, charlie: Any) -> None:
    with in_organisation(bob.organisation):
        room = rooms.create_room(bob, "Bobs", Room.Kind.PRIVATE, members=[charlie.pk])
        rooms.remove_member(bob, room.pk, charlie.pk)
        assert members(room) == {"Bob"}


def test_newcomers_find_everybodys_room_and_guests_do_not(alice: Any, general: Room) -> None:
    with in_organisation(alice.organisation):
        erin = people.create_person(email="erin@acme.example", name="Erin", role="member")
        people.create_person(email="finn@acme.example", name="Finn", role="guest")
        assert members(general) == {"Alice", "Bob", "Charlie", "Erin"}
        assert Membership.objects.get(room=general, person=erin).read_position == general.messages
