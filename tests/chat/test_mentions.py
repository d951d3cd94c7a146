"""The messages that mention somebody: who finds which, in which order, what is unread, and what pages hear of it."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from chat import imports, rooms, signals, threads, unread
from chat.changes import delete_message, edit_message
from chat.mentioned import mentions_of
from chat.messages import post_messages
from chat.models import Message, Room
from chat.posts import Post, Posted
from notifications.models import Notification
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.events import Published
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def reply(person: Any, room: Room, to: Posted, text: str, **options: Any) -> Posted:
    with in_organisation(person.organisation):
        post = Post(person.pk, room.pk, uuid.uuid4(), text, thread_id=to.message_id, **options)
        (said,) = post_messages([post])
    assert isinstance(said, Posted), said
    return said


def found(person: Any, page: int = 1) -> list[tuple[int, bool]]:
    """(message, unread) as the view lists them."""
    with in_organisation(person.organisation):
        return [(one.pk, one.is_unread) for one in mentions_of(person, page)[0]]


def count(person: Any) -> int:
    """What the sidebar says."""
    with in_organisation(person.organisation):
        in_rooms = sum(one.mentions for one in unread.unread_of(person.pk))
        return in_rooms + signals.personal_fields(person.pk)["reply_mentions"]


def frames(published: Published, kind: str) -> list[dict[str, Any]]:
    return [one for frame in published.frames() if (one := json.loads(frame))["type"] == kind]


# -- What is found -----------------------------------------------------------------------------------------------


def test_names_rooms_and_replies_newest_first(alice: Any, bob: Any, room: Room, say: Say) -> None:
    first, plain = say(alice, room, "@Bob look"), say(alice, room, "nothing")
    everybody = say(alice, room, "@room look")
    answered = reply(alice, room, plain, "and @Bob here")
    say(bob, room, "I, @Bob, mention nobody")
    assert [pk for pk, _ in found(bob)] == [answered.message_id, everybody.message_id, first.message_id]
    assert found(alice) == []


def test_what_is_unread_is_marked_and_counted(alice: Any, bob: Any, room: Room, say: Say) -> None:
    first = say(alice, room, "@Bob look")
    second = say(alice, room, "@Bob look again")
    answered = reply(alice, room, first, "@Bob?")
    assert [is_unread for _, is_unread in found(bob)] == [True, True, True]
    assert count(bob) == 3
    with in_organisation(bob.organisation):
        unread.mark_read(bob.pk, room.pk, first.position)
    assert found(bob) == [(answered.message_id, True), (second.message_id, True), (first.message_id, False)]
    assert count(bob) == 2
    with in_organisation(bob.organisation):
        threads.mark_read(bob, room.pk, first.message_id, 1)
    assert count(bob) == 1


def test_a_reply_to_everybody_is_read_by_who_does_not_follow(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    root = say(alice, room, "The plan")
    reply(alice, room, root, "@room what of it?")
    assert count(bob) == 1
    heard = len(frames(published, "threads"))
    with in_organisation(bob.organisation):
        threads.mark_read(bob, room.pk, root.message_id, 1)
    assert count(bob) == 0 and found(bob)[0][1] is False
    assert frames(published, "threads")[heard:] == [{"type": "threads", "unread": 0, "reply_mentions": 0}]


def test_who_replies_has_read_what_stood_before(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "The plan")
    reply(alice, room, root, "@room what of it?")
    reply(bob, room, root, "I am on it")
    assert count(bob) == 0


def test_each_page_has_twenty(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = [say(alice, room, f"@Bob {number}").message_id for number in range(23)]
    assert [pk for pk, _ in found(bob)] == said[:2:-1]
    assert [pk for pk, _ in found(bob, 2)] == said[2::-1]


# -- What one may still see --------------------------------------------------------------------------------------


def test_who_left_a_private_room_finds_nothing_of_it(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say
) -> None:
    say(alice, room, "@Bob look")
    open_to_all = say(alice, public_room, "@Bob look")
    with in_organisation(bob.organisation):
        rooms.leave_room(bob, room.pk)
        rooms.leave_room(bob, public_room.pk)
    assert found(bob) == [(open_to_all.message_id, False)]
    assert count(bob) == 0


def test_a_guest_who_left_finds_nothing(alice: Any, dana: Any, public_room: Room, say: Say) -> None:
    with in_organisation(alice.organisation):
        rooms.add_members(alice, public_room.pk, [dana.pk])
    say(alice, public_room, "@Dana look")
    assert len(found(dana)) == 1
    with in_organisation(alice.organisation):
        rooms.remove_member(alice, public_room.pk, dana.pk)
    assert found(dana) == []


def test_an_archived_room_has_nothing_unread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "@Bob look")
    reply(alice, room, said, "@Bob?")
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    assert [is_unread for _, is_unread in found(bob)] == [False, False]
    assert count(bob) == 0


def test_what_retention_took_is_not_listed(alice: Any, bob: Any, room: Room, say: Say) -> None:
    old = say(alice, room, "@Bob look")
    reply(alice, room, old, "@Bob?")
    new = say(alice, room, "@Bob once more")
    with in_organisation(alice.organisation):
        Room.objects.filter(pk=room.pk).update(first_position=new.position)
    assert [pk for pk, _ in found(bob)] == [new.message_id]


def test_outsiders_are_not_mentioned(alice: Any, charlie: Any, room: Room, say: Say) -> None:
    say(alice, room, "@Charlie @room")
    assert found(charlie) == []


# -- Changes -----------------------------------------------------------------------------------------------------


def test_an_edit_mentions_and_takes_back(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, published: Published
) -> None:
    said = say(alice, room, "@Bob look")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "@Dana look")
    assert (found(bob), count(bob)) == ([], 0)
    assert found(dana) == [(said.message_id, True)]
    assert [frame["message"] for frame in frames(published, "mention")] == [f"m{said.message_id}"] * 2
    (bobs,) = frames(published, "unread")
    assert (bobs["unread"], bobs["mentions"]) == (1, 0)


def test_who_is_still_named_is_not_told_again(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    said = say(alice, room, "@room look")
    heard = len(frames(published, "mention"))
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "@Bob look")
    assert found(bob) == [(said.message_id, True)]
    assert len(frames(published, "mention")) == heard
    with in_organisation(alice.organisation):
        assert Notification.objects.filter(person=bob).count() == 1


def test_a_deleted_message_mentions_nobody(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, published: Published
) -> None:
    said = say(alice, room, "@Bob @Dana look")
    answered = reply(alice, room, said, "@Bob?")
    with in_organisation(alice.organisation):
        unread.mark_read(dana.pk, room.pk, said.position)
        heard = len(frames(published, "unread"))
        delete_message(alice, room.pk, said.message_id)
    (bobs,) = frames(published, "unread")[heard:]  # Dana had read it
    assert (bobs["unread"], bobs["mentions"]) == (0, 0)
    kinds = [json.loads(frame)["type"] for frame in published.frames()]
    assert kinds.index("unread", heard) > kinds.index("activity")  # exact numbers come last
    assert found(bob) == [(answered.message_id, True)]
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, answered.message_id)
    assert (found(bob), count(bob)) == ([], 0)
    assert frames(published, "threads")[-1]["reply_mentions"] == 0


def test_imported_mentions_are_old_and_read(alice: Any, bob: Any, room: Room, say: Say) -> None:
    new = say(alice, room, "@Bob look")
    with in_organisation(alice.organisation):
        past = rooms.create_room(alice, "Past", members=[bob.pk])
        at = datetime(2020, 5, 4, tzinfo=UTC)
        imports.import_history(past.pk, [imports.Past(alice.pk, "@Bob long ago", at)])
        old = Message.objects.get(room=past)
    assert found(bob) == [(new.message_id, True), (old.pk, False)]
    assert count(bob) == 1


# -- Pages -------------------------------------------------------------------------------------------------------


async def test_personal_sockets_hear_of_mentions(alice: Any, bob: Any, room: Room, say: Say) -> None:
    tab = await Tab.personal(bob)
    root = await aside(say, alice, room, "@Bob look")
    frame = await tab.until("mention")
    assert frame == {
        "type": "mention", "room": f"r{room.pk}", "message": f"m{root.message_id}", "position": root.position,
        "revision": root.revision,
    }  # fmt: skip
    await aside(reply, alice, room, root, "@room?")
    assert (await tab.until("mention"))["position"] is None
    again = await Tab.personal(bob)
    assert again.frames[-1]["reply_mentions"] == 1
    await tab.close()
    await again.close()


def test_the_page_and_its_cost(alice: Any, bob: Any, room: Room, say: Say, client_of: Browser) -> None:
    browser, counted = client_of(bob), []
    assert "Nobody has mentioned you yet" in browser.get("/mentions/").content.decode()
    for _ in range(2):
        for number in range(3):
            reply(alice, room, say(alice, room, f"@Bob {number}"), "@Bob?")
        with queries() as asked:
            page = browser.get("/mentions/").content.decode()
        counted.append(sum("tenants_organisation" not in query for query in asked))
    assert counted == [3, 3]  # session and person; mentions, what stands beside
    assert page.count("thread-entry unread") == 12
    assert 'data-mentioned="6"' in page
    part = browser.get("/mentions/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section") and "<html" not in part
    for bad in ("x", "-1", "9" * 30):
        assert browser.get(f"/mentions/?page={bad}").status_code == 422
