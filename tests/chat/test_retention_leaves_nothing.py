"""What was kept long enough leaves nothing: no row of any table has its words, no file of the storage, no other room."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from chat import due, retention
from chat.changes import delete_message, edit_message
from chat.forwarding import forward_message
from chat.jobs import tidy_up
from chat.link_previews import attached
from chat.listing import new_poll, new_todo
from chat.messages import post_messages
from chat.models import LinkPreview, Message, Reminder, Room, ScheduledMessage
from chat.moving import move_message
from chat.pins import pin_message
from chat.polls import add_option, vote
from chat.posts import Post, Posted
from chat.reactions import add_reaction
from chat.reminders import set_reminder
from chat.room_settings import settle_room
from chat.rooms import open_direct
from chat.saved import save_message
from chat.scheduled import schedule_message
from chat.todos import tick
from notifications.models import Notification
from tenants.db import as_owner, in_organisation
from tests.chat.files import picture, post_files, stored, uploaded

SECRET = "zaphodbeebl"
Browser = Callable[[Any], Client]


def tables_with(organisation: Any, word: str) -> dict[str, list[str]]:
    """Rows, as text, in which the word is, by table."""
    found: dict[str, list[str]] = {}
    with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'select line::text from "{table}" line where line::text ilike %s', [f"%{word}%"])
            if rows := [line for (line,) in cursor.fetchall()]:
                found[table] = rows
    return found


def say(person: Any, room: Room, text: str, **more: Any) -> Posted:
    (posted,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), text, **more)])
    assert isinstance(posted, Posted), posted
    return posted


def grow_old(rooms: list[int], days: int) -> None:
    """As if everything in these rooms had been said so many days earlier, and every page been looked at two days ago."""
    for message in Message.objects.filter(room__in=rooms):
        then = message.created_at - timedelta(days=days)
        Message.objects.filter(pk=message.pk).update(created_at=then)
    LinkPreview.objects.update(fetched_at=timezone.now() - timedelta(days=2))


def forget(room: Room) -> None:
    while retention.forget_some(room.pk):
        pass


@pytest.fixture
def secrets(
    alice: Any, bob: Any, room: Room, public_room: Room, client_of: Browser, run_jobs: Callable[[], None],
    settings: Any, monkeypatch: pytest.MonkeyPatch,
) -> set[str]:  # fmt: skip
    """Alice and Bob have told a secret in every way there is; what the storage had before."""
    settings.LINK_PREVIEWS = True
    monkeypatch.setattr(attached, "look_up", lambda url, outside: None)  # the page is away
    before = stored(alice.organisation)
    with in_organisation(alice.organisation):
        said = say(alice, room, f"@Bob, {SECRET} and https://{SECRET}.example/")
        edit_message(alice, room.pk, said.message_id, f"@Bob, more {SECRET} at https://{SECRET}.example/")
        pin_message(alice, room.pk, said.message_id)
        add_reaction(bob, room.pk, said.message_id, "🎉")
        for person in (alice, bob):
            save_message(person, room.pk, said.message_id)
        for ahead in (1, 10_000):  # one is delivered, one is not
            when = timezone.now() + timedelta(minutes=ahead)
            set_reminder(bob, when, room_id=room.pk, message_id=said.message_id)
        first = Reminder.objects.order_by("due_at")[0]
        Reminder.objects.filter(pk=first.pk).update(due_at=timezone.now() - timedelta(minutes=1))
        due.deliver_reminder(first.pk)
        say(bob, room, f"{SECRET} as a reply", thread_id=said.message_id)
        answer = say(bob, room, f"{SECRET} as a reply to all", thread_id=said.message_id, also_in_room=True)
        edit_message(bob, room.pk, answer.message_id, f"Still {SECRET}")
        poll = say(alice, room, f"{SECRET}?", new_list=new_poll([f"{SECRET} a", f"{SECRET} b"], is_open=True))
        vote(bob, room.pk, poll.message_id, 1)
        add_option(bob, room.pk, poll.message_id, f"{SECRET} c")
        todo = say(alice, room, f"{SECRET}:", new_list=new_todo([f"{SECRET} d", f"{SECRET} e"]))
        tick(bob, room.pk, todo.message_id, 1, done=True)
        say(bob, room, f"@room ```\n{SECRET} in code\n```")
        elsewhere = say(alice, public_room, f"{SECRET} of another room")
        forward_message(alice, public_room.pk, elsewhere.message_id, room.pk, uuid.uuid4(), SECRET)
        delete_message(alice, public_room.pk, elsewhere.message_id)
        moving = say(alice, public_room, f"{SECRET} that moves")
        move_message(alice, public_room.pk, moving.message_id, room.pk)
        link = alice.organisation.url(f"/rooms/r{room.pk}/?message=m{said.message_id}")
        say(alice, public_room, f"Look: {link}")
    post_files(alice, room, uploaded(client_of(alice), room, SECRET.encode(), f"{SECRET}.txt"))
    post_files(alice, room, uploaded(client_of(alice), room, picture(), f"{SECRET}.png"), text=SECRET)
    run_jobs()
    return before


def test_nothing_of_it_is_left(
    secrets: set[str], alice: Any, bob: Any, room: Room, run_jobs: Callable[[], None], client_of: Browser
) -> None:
    told = tables_with(alice.organisation, SECRET)
    expected = {"chat_message", "chat_messagetext", "chat_messageversion", "chat_forward", "chat_linkpreview",
                "chat_polloption", "chat_todoitem", "chat_attachment", "chat_attachmenttext",
                "notifications_notification"}  # fmt: skip
    assert expected <= told.keys()
    with in_organisation(alice.organisation):
        tidied = {"chat_mention", "chat_reaction", "chat_pollvote", "chat_messagepreview", "chat_attachment"}
        grow_old([room.pk], 31)
        settle_room(alice, room.pk, retention_days=30)
        forget(room)
    run_jobs()
    tidy_up()
    run_jobs()
    assert not tables_with(alice.organisation, SECRET)
    assert stored(alice.organisation) == secrets
    with in_organisation(alice.organisation), connection.cursor() as cursor:
        for table in sorted(tidied):
            cursor.execute(f'select count(*) from "{table}"')
            assert cursor.fetchone() == (0,), table
        assert Room.objects.get(pk=room.pk).pins == 0
    for person, path in (
        (bob, f"/rooms/r{room.pk}/"), (bob, "/saved/"), (bob, "/threads/"), (bob, "/notifications/"), (bob, "/mentions/"),
        (alice, f"/search/?q={SECRET}&tab=files"), (bob, f"/rooms/r{room.pk}/files/"), (bob, f"/rooms/r{room.pk}/pins/"),
    ):  # fmt: skip
        shown = client_of(person).get(path)
        assert shown.status_code == 200, path
        assert SECRET not in shown.content.decode().replace(f'value="{SECRET}"', "").replace(
            f"q={SECRET}", ""
        ), path


def test_a_scheduled_reply_to_what_went_tells_its_author(alice: Any, room: Room) -> None:
    with in_organisation(alice.organisation):
        root = say(alice, room, "A question")
        when = timezone.now() + timedelta(minutes=5)
        late = schedule_message(
            alice, room.pk, "An answer", when, client_id=uuid.uuid4(), thread_id=root.message_id
        )
        grow_old([room.pk], 31)
        settle_room(alice, room.pk, retention_days=30)
        forget(room)
        ScheduledMessage.objects.filter(pk=late.pk).update(send_at=timezone.now() - timedelta(minutes=1))
        due.post_scheduled(late.pk)
        assert ScheduledMessage.objects.get(pk=late.pk).problem
        assert Notification.objects.filter(person=alice, kind="note").count() == 1


def test_what_was_passed_on_stays_where_it_went(
    alice: Any, bob: Any, room: Room, public_room: Room, run_jobs: Callable[[], None]
) -> None:
    """A forward is a message of its room, by whom passed it on (DESIGN 1): it is kept as long as that room says."""
    with in_organisation(alice.organisation):
        said = say(alice, room, SECRET)
        copy = forward_message(alice, room.pk, said.message_id, public_room.pk, uuid.uuid4())
        grow_old([room.pk, public_room.pk], 31)
        settle_room(alice, room.pk, retention_days=30)
        forget(room)
        assert SECRET in Message.objects.get(pk=copy.message_id).html
        settle_room(alice, public_room.pk, retention_days=30)
        forget(public_room)
    tidy_up()
    run_jobs()
    assert not tables_with(alice.organisation, SECRET)


def test_direct_messages_too(alice: Any, bob: Any, run_jobs: Callable[[], None]) -> None:
    with in_organisation(alice.organisation):
        direct = open_direct(alice, [bob.pk])
        say(alice, direct, SECRET)
        grow_old([direct.pk], 31)
        Room.objects.filter(pk=direct.pk).update(retention_days=30)
        forget(direct)
    tidy_up()
    run_jobs()
    assert not tables_with(alice.organisation, SECRET)
