"""How long a message can be changed is the organisation's decision."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from accounts.organisation_settings import change_settings
from chat.changes import MessageRefused, delete_message, edit_message
from chat.models import Message, Room
from chat.posts import Posted
from tenants.db import in_organisation

Say = Callable[..., Posted]


@pytest.fixture
def old(alice: Any, bob: Any, room: Room, say: Say) -> Posted:
    """A message of Bob's, an hour old, where 15 minutes are the limit of both."""
    said = say(bob, room, "an hour old")
    with in_organisation(alice.organisation):
        change_settings(alice, {"edit_window": 15, "delete_window": 15})
        Message.objects.update(created_at=F("created_at") - timedelta(hours=1))
    return said


def test_within_the_window_authors_edit_and_delete(bob: Any, room: Room, old: Posted, say: Say) -> None:
    said = say(bob, room, "new")
    with in_organisation(bob.organisation):
        assert edit_message(bob, room.pk, said.message_id, "newer").text == "newer"
        delete_message(bob, room.pk, said.message_id)


def test_after_it_they_do_not(bob: Any, room: Room, old: Posted) -> None:
    with in_organisation(bob.organisation):
        for change in (
            lambda: edit_message(bob, room.pk, old.message_id, "x"),
            lambda: delete_message(bob, room.pk, old.message_id),
        ):
            with pytest.raises(MessageRefused) as refused:
                change()
            assert refused.value.code == "too_late"
        assert Message.objects.get(pk=old.message_id).text == "an hour old"


def test_administrators_delete_at_any_time(alice: Any, room: Room, old: Posted) -> None:
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, old.message_id)


def test_the_page_is_told_before_somebody_types(
    bob: Any, room: Room, old: Posted, client_of: Callable[[Any], Client]
) -> None:
    url = f"/rooms/r{room.pk}/messages/m{old.message_id}/"
    assert client_of(bob).get(f"{url}source/").json()["too_late"] is True
    answer = client_of(bob).post(url, {"text": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "too_late")
