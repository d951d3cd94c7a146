"""Before many are told, and when somebody was named in vain: what is counted, who may, and who comes in."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import people
from accounts.groups import create_group, set_member
from accounts.organisation_settings import change_settings
from chat import naming, rooms
from chat.changes import MessageRefused, edit_message
from chat.memberships import add_members
from chat.messages import post_messages
from chat.models import Membership, Mention, Message, Room
from chat.outsiders import bring_in
from chat.posts import Post, Posted, Refused
from chat.room_names import NotAllowed, RoomRefused
from chat.unread import unread_of
from notifications.models import Notification
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.conftest import Published
from tests.sockets import Tab

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are many, and the room with Alice, Bob and Dana is large."""
    monkeypatch.setattr(naming, "MANY", 2)


def decide(alice: Any, who: str) -> None:
    with in_organisation(alice.organisation):
        change_settings(alice, {"naming_everybody": who})


def post(person: Any, room: Room, text: str, thread: int | None = None) -> Posted | Refused:
    with in_organisation(person.organisation):
        (answer,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), text, thread_id=thread)])
    return answer


# -- How many ----------------------------------------------------------------------------------------------------


def test_how_many_a_text_would_tell(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, client_of: Browser
) -> None:
    with in_organisation(alice.organisation):
        crew = create_group(alice, "crew")
        for person in (bob, charlie):
            set_member(alice, crew.pk, person.pk, is_member=True)
    browser = client_of(alice)
    counts = {
        "@room": 2,
        "@crew": 1,
        "@crew @Bob @Dana": 2,
        "@here": 0,
        "`@room`": 0,
        "": 0,
        "@Alice @Charlie": 0,
    }
    for text, count in counts.items():
        answer = browser.post(f"/rooms/r{room.pk}/naming/", {"text": text}).json()
        assert answer == {"people": count, "refused": ""}, text
    with in_organisation(alice.organisation):
        people.deactivate(alice, bob.pk)
    assert browser.post(f"/rooms/r{room.pk}/naming/", {"text": "@room"}).json()["people"] == 1
    assert browser.post(f"/rooms/r{room.pk}/naming/").json() == {"people": 0, "refused": ""}
    assert browser.get(f"/rooms/r{room.pk}/naming/").status_code == 405


def test_who_can_not_read_the_room_learns_no_number(
    charlie: Any, mallory: Any, room: Room, client_of: Browser
) -> None:
    for person in (charlie, mallory):
        assert client_of(person).post(f"/rooms/r{room.pk}/naming/", {"text": "@room"}).status_code == 404


# -- Who may -----------------------------------------------------------------------------------------------------


def test_in_large_rooms_administrators_may_be_the_only_ones(
    many: None, alice: Any, bob: Any, dana: Any, room: Room, public_room: Room, client_of: Browser
) -> None:
    assert isinstance(post(bob, room, "@room"), Posted)
    decide(alice, "administrators")
    for person in (bob, dana):
        for text in ("@room look", "@here look"):
            refused = post(person, room, text)
            assert isinstance(refused, Refused) and refused.code == "naming"
            assert "more than 2 people" in refused.detail
    with in_organisation(alice.organisation):
        assert Message.objects.filter(room=room).count() == 1
    assert isinstance(post(alice, room, "@room"), Posted)
    assert isinstance(post(bob, public_room, "@room"), Posted)  # two are in it
    assert isinstance(post(bob, room, "`@room` and @Alice"), Posted)
    answer = client_of(bob).post(f"/rooms/r{room.pk}/naming/", {"text": "@room"}).json()
    assert answer["people"] == 0 and "administrators" in answer["refused"]
    refused = client_of(bob).post(
        f"/rooms/r{room.pk}/messages/", {"text": "@room", "client_id": str(uuid.uuid4())}
    )
    assert refused.status_code == 403


def test_one_bad_post_of_a_batch_fails_alone(many: None, alice: Any, bob: Any, room: Room) -> None:
    decide(alice, "administrators")
    said = [(bob, "plain"), (bob, "@room"), (alice, "@room"), (bob, "@here")]
    with in_organisation(alice.organisation):
        answers = post_messages([Post(who.pk, room.pk, uuid.uuid4(), text) for who, text in said])
    assert [isinstance(answer, Posted) for answer in answers] == [True, False, True, False]
    with in_organisation(alice.organisation):
        positions = Message.objects.filter(room=room).order_by("position").values_list("position", flat=True)
        assert list(positions) == [1, 2]


def test_no_edit_says_what_no_post_may(many: None, alice: Any, bob: Any, room: Room, say: Say) -> None:
    before, said = say(bob, room, "@room look"), say(bob, room, "look")
    decide(alice, "administrators")
    with in_organisation(bob.organisation):
        for text in ("@room look", "@here look"):
            with pytest.raises(MessageRefused) as refused:
                edit_message(bob, room.pk, said.message_id, text)
            assert refused.value.code == "naming"
        edit_message(bob, room.pk, before.message_id, "@room look here")  # it said so already


def test_a_plain_post_asks_nothing_more(many: None, alice: Any, bob: Any, room: Room, say: Say) -> None:
    decide(alice, "administrators")
    say(bob, room, "@Alice")
    with in_organisation(bob.organisation), queries() as asked:
        post_messages([Post(bob.pk, room.pk, uuid.uuid4(), "plain")])
    assert len(asked) == 3  # lock the room, look up, insert: in two round trips


# -- Named in vain -----------------------------------------------------------------------------------------------


def test_the_author_hears_who_is_not_in_the_room(
    alice: Any, bob: Any, charlie: Any, room: Room, client_of: Browser
) -> None:
    said = post(alice, room, "@Charlie, @Bob and @Alice: look")
    assert isinstance(said, Posted) and said.outside == (charlie.pk,)
    assert isinstance(reply := post(alice, room, "@Charlie?", said.message_id), Posted)
    assert reply.outside == (charlie.pk,)
    assert isinstance(everybody := post(alice, room, "@room @Bob"), Posted) and everybody.outside == ()
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    assert isinstance(private := post(alice, direct, "@Charlie says"), Posted) and private.outside == ()
    fields = {"text": "@Charlie", "client_id": str(uuid.uuid4())}
    answers = [client_of(alice).post(f"/rooms/r{room.pk}/messages/", fields).json() for _ in range(2)]
    assert answers[0]["outside"] == [f"p{charlie.pk}"]
    assert "outside" not in answers[1]  # a repetition


def test_a_guest_names_nobody_they_do_not_know(charlie: Any, dana: Any, room: Room) -> None:
    assert isinstance(said := post(dana, room, "@Charlie look"), Posted) and said.outside == ()


async def test_only_the_author_s_own_socket_hears_it(alice: Any, bob: Any, charlie: Any, room: Room) -> None:
    hers, his = await Tab.room(alice, room.pk), await Tab.room(bob, room.pk)
    await hers.post("@Charlie look")
    assert (await hers.until("posted"))["outside"] == [f"p{charlie.pk}"]
    await his.until("messages")
    assert all("outside" not in frame for frame in his.frames)
    await hers.close()
    await his.close()


def test_who_is_brought_in_is_mentioned_and_told_once(
    alice: Any, bob: Any, charlie: Any, room: Room, say: Say, client_of: Browser
) -> None:
    said = say(alice, room, "@Charlie and @Bob: look")
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/outsiders/"
    for _ in range(2):
        assert client_of(alice).post(url, {"people": f"p{charlie.pk}"}).status_code == 204
    with in_organisation(alice.organisation):
        assert Membership.objects.filter(room=room, person=charlie, left_at__isnull=True).exists()
        assert Mention.objects.filter(message=said.message_id, person=charlie).count() == 1
        assert list(Notification.objects.filter(person=charlie).values_list("kind", "message_id")) == [
            ("mention", said.message_id)
        ]
        assert Notification.objects.filter(person=bob).count() == 1
    assert "@Charlie" in client_of(charlie).get("/mentions/").content.decode()


def test_a_mention_of_who_came_in_otherwise_is_a_change_of_the_room(
    alice: Any, bob: Any, charlie: Any, room: Room, say: Say, published: Published
) -> None:
    """Pages tell by revisions whether a count has seen a mention."""
    said = say(alice, room, "@Charlie look")
    with in_organisation(alice.organisation):
        add_members(bob, room.pk, [charlie.pk])
        (before,) = [one.head for one in unread_of(charlie.pk) if one.room_id == room.pk]
        for _ in range(2):
            bring_in(alice, room.pk, said.message_id, [charlie.pk])
        (after,) = [one.head for one in unread_of(charlie.pk) if one.room_id == room.pk]
    news = [one for frame in published.frames() if (one := json.loads(frame))["type"] == "mention"]
    assert [one["revision"] for one in news] == [after] and after == before + 1


def test_who_may_not_bring_in(
    alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any, room: Room, public_room: Room, say: Say
) -> None:
    said = say(alice, room, "@Charlie look")
    theirs = say(dana, room, "hello")
    seen = say(alice, public_room, "@Charlie @Dana look")
    with in_organisation(alice.organisation):
        with pytest.raises(NotAllowed):
            bring_in(bob, room.pk, said.message_id, [charlie.pk])  # not his words
        with pytest.raises(Message.DoesNotExist):
            bring_in(charlie, room.pk, said.message_id, [charlie.pk])
        with pytest.raises(NotAllowed):
            bring_in(charlie, public_room.pk, seen.message_id, [charlie.pk])
        for nobody in ([], [bob.pk], [charlie.pk, bob.pk], [999]):
            with pytest.raises(RoomRefused):
                bring_in(alice, room.pk, said.message_id, nobody)
        with pytest.raises(RoomRefused):
            bring_in(dana, room.pk, theirs.message_id, [charlie.pk])
        rooms.archive_room(alice, room.pk)
        with pytest.raises(RoomRefused) as refused:
            bring_in(alice, room.pk, said.message_id, [charlie.pk])
        assert refused.value.code == "archived"
    with in_organisation(mallory.organisation), pytest.raises(Message.DoesNotExist):
        bring_in(mallory, room.pk, said.message_id, [mallory.pk])


def test_a_member_brings_in_no_guest(alice: Any, bob: Any, dana: Any, public_room: Room, say: Say) -> None:
    said = say(bob, public_room, "@Dana look")
    with in_organisation(bob.organisation), pytest.raises(RoomRefused) as refused:
        bring_in(bob, public_room.pk, said.message_id, [dana.pk])
    assert refused.value.code == "guest"
    said = say(alice, public_room, "@Dana look")
    with in_organisation(alice.organisation):
        assert bring_in(alice, public_room.pk, said.message_id, [dana.pk]) == [dana.pk]
