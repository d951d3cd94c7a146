"""Who follows what was moved to another room holds no room while asking for one: two who did would wait for each other."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from chat import previews, rooms
from chat.link_previews import attached
from chat.models import LinkPreview, Message, MessagePreview, Room
from chat.moving import move_message
from chat.posts import Posted
from chat.sql import clock
from tenants.db import in_organisation, leave
from tests.chat.files import picture, post_files, uploaded
from tests.locks import wait_for

Say = Callable[..., Posted]


@pytest.fixture
def later(alice: Any, room: Room) -> Room:
    """A room of Alice's whose id is greater: it is locked after the other one."""
    with in_organisation(alice.organisation):
        return rooms.create_room(alice, "Later", Room.Kind.PRIVATE)


def race(
    alice: Any, moved: Posted, back: Posted, room: Room, later: Room, work: Callable[[], Any]
) -> Message:
    """What `moved` became in `room` while `work` waited for `later`, where it was; and `back` goes the other way."""

    def call(one: Callable[[], Any]) -> Any:
        try:
            with in_organisation(alice.organisation), transaction.atomic():  # as jobs and requests run
                return one()
        finally:
            leave()

    with in_organisation(alice.organisation), ThreadPoolExecutor(2) as others:
        with transaction.atomic():
            there = move_message(alice, later.pk, moved.message_id, room.pk)
            working = others.submit(call, work)
            wait_for(1)
            moving = others.submit(call, lambda: move_message(alice, room.pk, back.message_id, later.pk))
            wait_for(2)
        working.result()
        moving.result()
        return Message.objects.get(pk=there.pk)


def test_a_thumbnail_is_drawn_where_its_file_went(
    alice: Any, room: Room, later: Room, say: Say, client_of: Callable[[Any], Client]
) -> None:
    file_id = uploaded(client_of(alice), later, picture(), "boat.png")
    moved, back = post_files(alice, later, file_id), say(alice, room, "The other way")
    message = race(alice, moved, back, room, later, lambda: previews.prepare(int(file_id[1:])))
    assert "thumbnail.webp" in message.html


def test_a_card_is_drawn_where_its_message_went(
    alice: Any, room: Room, later: Room, say: Say, settings: Any
) -> None:
    settings.LINK_PREVIEWS = True
    moved, back = say(alice, later, "See the page"), say(alice, room, "The other way")
    with in_organisation(alice.organisation):
        url = "https://example.com/"
        card = LinkPreview.objects.create(
            url=url,
            url_hash=hashlib.sha256(url.encode()).digest(),
            state="ready",
            title="The page",
            fetched_at=clock(),
        )
        MessagePreview.objects.create(message_id=moved.message_id, preview=card, number=0)
    message = race(alice, moved, back, room, later, lambda: attached.refresh(card.pk))
    assert "The page" in message.html
