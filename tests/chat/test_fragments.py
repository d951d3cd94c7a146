"""Stored fragments: those of an older template are drawn anew when they are read."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from chat import fragments, timeline
from chat.changes import edit_message
from chat.models import Message, Room
from chat.posts import Posted
from tenants.db import in_organisation, leave

Say = Callable[..., Posted]


def test_an_older_one_is_drawn_anew_and_stored(alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Now")
    with in_organisation(alice.organisation):
        now = Message.objects.get(pk=said.message_id).html
        Message.objects.filter(pk=said.message_id).update(html="Before", html_version=0)
        assert timeline.newest(room).fragments == [now]
        stored = Message.objects.get(pk=said.message_id)
        assert (stored.html, stored.html_version) == (now, fragments.VERSION)


def test_drawing_anew_undoes_no_edit(alice: Any, room: Room, say: Say) -> None:
    """Somebody edits between the moment it is read and the moment what was read is stored."""
    said = say(alice, room, "Before")
    edited: list[Message] = []

    def edit() -> Message:
        try:
            with in_organisation(alice.organisation):
                return edit_message(alice, room.pk, said.message_id, "After")
        finally:
            leave()

    def first_edit(execute: Any, statement: str, *rest: Any) -> Any:
        if statement.strip().lower().startswith(("update chat_message", 'update "chat_message"')):
            with ThreadPoolExecutor(1) as pool:
                edited.append(pool.submit(edit).result())
        return execute(statement, *rest)

    with in_organisation(alice.organisation):
        Message.objects.filter(pk=said.message_id).update(html="", html_version=0)
        with connection.execute_wrapper(first_edit):
            timeline.newest(room)
        (after,) = edited
        assert Message.objects.get(pk=said.message_id).html == after.html
