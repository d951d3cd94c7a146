"""A mention or a direct message reaches the person wherever they are, once, and is read on all devices."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chat import memberships, preferences, rooms, unread
from chat.changes import delete_message, edit_message
from chat.models import Room
from notifications.inbox import notify
from notifications.models import Notification
from tenants.db import in_organisation, in_tenant
from tests.events import Published
from tests.sockets import Tab


def entries(person: Any) -> list[Notification]:
    with in_organisation(person.organisation):
        return list(Notification.objects.filter(person=person).order_by("id"))


def test_a_mention_tells_the_person_and_nobody_else(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, say: Any
) -> None:
    said = say(alice, room, "@bob could you look at this? @charlie is not here.")
    (entry,) = entries(bob)
    assert (entry.kind, entry.room_id, entry.message_id) == ("mention", room.pk, said.message_id)
    assert entry.link == f"/rooms/r{room.pk}/?message=m{said.message_id}"
    assert "Alice" in entry.title and "could you look" in entry.text
    assert entries(alice) == entries(charlie) == entries(dana) == []


def test_the_whole_room_is_told_by_room_but_not_its_author(
    alice: Any, bob: Any, dana: Any, room: Room, say: Any
) -> None:
    say(alice, room, "@room lunch?")
    assert (len(entries(alice)), len(entries(bob)), len(entries(dana))) == (0, 1, 1)


def test_a_direct_room_has_one_unread_entry(alice: Any, bob: Any, say: Any) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    say(alice, direct, "one")
    say(alice, direct, "two")
    (entry,) = entries(bob)
    assert entry.text == "two"
    with in_organisation(bob.organisation):
        unread.mark_read(bob.pk, direct.pk, 2)
    assert entries(bob)[0].read_at is not None
    say(alice, direct, "three")
    assert [one.text for one in entries(bob)] == ["two", "three"]


def test_an_edit_tells_only_those_newly_named_and_withdraws_the_others(
    alice: Any, bob: Any, dana: Any, room: Room, say: Any
) -> None:
    said = say(alice, room, "@bob hello")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "@dana hello")
    assert entries(bob) == []
    assert len(entries(dana)) == 1


def test_a_deleted_message_is_withdrawn(
    alice: Any, bob: Any, room: Room, say: Any, published: Published
) -> None:
    said = say(alice, room, "@bob a secret")
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said.message_id)
    assert entries(bob) == []
    assert b'{"type":"notifications","unread":0}' in published.frames("activity")


async def test_it_arrives_live_and_is_read_on_every_device(
    alice: Any, bob: Any, room: Room, say: Any
) -> None:
    devices = [await Tab.personal(bob), await Tab.personal(bob)]
    stranger = await Tab.personal(alice)
    tab = await Tab.room(alice, room.pk)
    await tab.post("@bob hello")
    for device in devices:
        live = await device.until("notification")
        assert live["unread"] == 1 and live["kind"] == "mention"
    await in_tenant(bob.organisation, unread.mark_read, bob.pk, room.pk, 1)
    for device in devices:
        assert (await device.until("notifications"))["unread"] == 0
    assert not any(frame["type"] == "notification" for frame in stranger.frames)
    for one in (*devices, stranger, tab):
        await one.close()


def test_one_call_sends_one_from_anywhere(bob: Any, published: Published) -> None:
    notify(bob.organisation, bob, "Backups are done", "All of them.", "/rooms/")
    (entry,) = entries(bob)
    assert (entry.title, entry.text, entry.link) == ("Backups are done", "All of them.", "/rooms/")
    assert any(b"Backups are done" in frame for frame in published.frames("activity"))
    with pytest.raises(ValueError, match="own organisation"):
        notify(bob.organisation, bob, "x", link="https://evil.example/")


def test_the_command_tells_everybody_or_one(acme: Any, alice: Any, bob: Any) -> None:
    call_command("notify", "Hello", organisation="acme", email="bob@acme.example")
    assert (len(entries(alice)), len(entries(bob))) == (0, 1)
    call_command("notify", "Hello all", organisation="acme")
    assert (len(entries(alice)), len(entries(bob))) == (1, 2)
    with pytest.raises(CommandError):
        call_command("notify", "Hello", organisation="acme", email="nobody@acme.example")


def test_the_list_shows_ones_own_and_leads_to_the_message(
    alice: Any, bob: Any, mallory: Any, room: Room, say: Any, client_of: Any
) -> None:
    say(alice, room, "@bob <b>look</b>")
    (entry,) = entries(bob)
    page = client_of(bob).get("/notifications/")
    assert page.status_code == 200 and b"Alice mentioned you" in page.content
    assert b"<b>look" not in page.content
    assert b"Alice mentioned you" not in client_of(alice).get("/notifications/").content
    assert client_of(alice).get(f"/notifications/n{entry.pk}/").status_code == 404
    assert client_of(mallory).get(f"/notifications/n{entry.pk}/").status_code == 404
    assert client_of(bob).get(f"/notifications/n{entry.pk}/")["location"] == entry.link
    assert entries(bob)[0].read_at is not None


def test_all_are_marked_read_at_once(alice: Any, bob: Any, room: Room, say: Any, client_of: Any) -> None:
    say(alice, room, "@bob one")
    say(alice, room, "@bob two")
    assert client_of(bob).post("/notifications/").status_code == 302
    assert all(entry.read_at for entry in entries(bob))


def test_answering_reads_what_was_before_it(
    alice: Any, bob: Any, room: Room, say: Any, published: Published
) -> None:
    say(alice, room, "@bob look")
    published()
    say(bob, room, "I have seen it")
    (entry,) = entries(bob)
    assert entry.read_at is not None
    ready = [frame for frame in published.frames("activity") if b'"unread"' in frame]
    assert any(b'"unread":0' in frame and b'"read":2' in frame for frame in ready)
    say(bob, room, "and more")  # nothing was unread: nothing to tell
    assert len([frame for frame in published.frames("activity") if b'"unread"' in frame]) == len(ready)


def test_what_was_edited_away_is_in_no_list(alice: Any, bob: Any, room: Room, say: Any) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    for where in (room, direct):
        said = say(alice, where, "@bob the password is hunter2")
        with in_organisation(alice.organisation):
            edit_message(alice, where.pk, said.message_id, "@bob never mind")
    assert [entry.text for entry in entries(bob)] == ["@bob never mind"] * 2


def test_an_edit_takes_back_mentions_alone(alice: Any, bob: Any, room: Room, say: Any) -> None:
    with in_organisation(bob.organisation):
        preferences.prefer(bob, room.pk, notify="all")
    said = say(alice, room, "Lunhc")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "Lunch")
        assert list(Notification.objects.filter(person=bob).values_list("kind", "text")) == [
            ("room", "Lunch")
        ]


def test_who_was_removed_is_not_told_what_a_message_says_now(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Any
) -> None:
    with in_organisation(bob.organisation):
        said = {}
        for where in (room, public_room):
            preferences.prefer(bob, where.pk, notify="all")
            said[where.pk] = say(alice, where, "Before").message_id
            memberships.remove_member(alice, where.pk, bob.pk)
            edit_message(alice, where.pk, said[where.pk], "After")
        entries = dict(Notification.objects.filter(person=bob).values_list("message_id", "text"))
    assert entries == {said[room.pk]: "", said[public_room.pk]: "After"}
