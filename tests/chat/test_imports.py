"""Imported history keeps every promise that posted messages keep."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from chat import rooms
from chat.imports import NotFresh, Past, import_history
from chat.models import Mention, Message, MessageText, Room
from chat.posts import Posted
from chat.search import search
from chat.text import TextRefused
from chat.unread import unread_of
from notifications.models import Notification
from tenants.db import in_organisation
from tests.chat.pages import queries

Say = Callable[..., Posted]
JUNE = datetime(2025, 6, 1, 9, tzinfo=UTC)


@pytest.fixture
def fill(alice: Any, room: Room) -> Callable[..., list[Message]]:
    """`fill(*past)` imports into the room and returns its messages."""

    def imported(*past: Past, kind: str = Message.Kind.POST) -> list[Message]:
        with in_organisation(alice.organisation):
            import_history(room.pk, past, kind=kind)
            return list(Message.objects.filter(room=room).order_by("position"))

    return imported


def test_positions_revisions_and_times(alice: Any, bob: Any, room: Room, fill: Any, say: Say) -> None:
    with in_organisation(alice.organisation):
        head = Room.objects.get(pk=room.pk).head
    messages = fill(*(Past([alice, bob][n % 2].pk, f"number {n}", JUNE) for n in range(2_300)))
    assert [message.position for message in messages] == list(range(1, 2_301))
    assert [message.revision for message in messages] == list(range(head + 1, head + 2_301))
    times = [message.created_at for message in messages]
    assert times[0] == JUNE and all(one < other for one, other in itertools.pairwise(times))
    posted = say(alice, room, "and now live")
    assert (posted.position, posted.revision) == (2_301, head + 2_301)


def test_mentions_words_edits_and_tombstones(alice: Any, bob: Any, room: Room, fill: Any) -> None:
    later = JUNE + timedelta(minutes=5)
    first, second, third = fill(
        Past(alice.pk, "Look, @Bob, a *boat*", JUNE),
        Past(bob.pk, "where is the boat", JUNE, edited_at=later),
        Past(bob.pk, "a secret boat, @Alice", JUNE, deleted_at=later),
    )
    assert f'data-person="p{bob.pk}"' in first.html and "<em>boat</em>" in first.html
    assert second.edited_at == later and "data-edited" in second.html
    assert third.text == "" and third.deleted_by_id == bob.pk
    assert "data-deleted" in third.html and "secret" not in third.html
    with in_organisation(alice.organisation):
        assert list(Mention.objects.values_list("message_id", "person_id")) == [(first.pk, bob.pk)]
        assert set(MessageText.objects.values_list("pk", flat=True)) == {first.pk, second.pk}
        assert [hit.message_id for hit in search(alice, "boat").items] == [second.pk, first.pk]
        assert not Notification.objects.exists()


def test_only_posts_count_as_unread(alice: Any, bob: Any, fill: Any, room: Room) -> None:
    fill(Past(bob.pk, "one", JUNE), Past(alice.pk, "two", JUNE), Past(bob.pk, "three @alice", JUNE))
    with in_organisation(alice.organisation):
        (state,) = [state for state in unread_of(alice.pk) if state.room_id == room.pk]
    assert (state.unread, state.mentions, state.read_position) == (1, 1, 2)


def test_imported_messages_are_not_unread(alice: Any, bob: Any, fill: Any, room: Room) -> None:
    fill(Past(bob.pk, "one", JUNE), kind=Message.Kind.IMPORTED)
    with in_organisation(alice.organisation):
        (state,) = [state for state in unread_of(alice.pk) if state.room_id == room.pk]
    assert state.unread == 0


def test_a_room_with_messages_and_the_future_are_refused(alice: Any, room: Room, fill: Any, say: Say) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    for wrong in (
        Past(alice.pk, "x", tomorrow),
        Past(alice.pk, "x", JUNE, edited_at=tomorrow),
        Past(alice.pk, "x", JUNE, deleted_at=tomorrow),
    ):
        with pytest.raises(ValueError, match="ends now"):
            fill(Past(alice.pk, "fine", JUNE), wrong)
    with pytest.raises(TextRefused):
        fill(Past(alice.pk, "fine", JUNE), Past(alice.pk, "\x00", JUNE))
    assert say(alice, room, "first").position == 1
    with pytest.raises(NotFresh):
        fill(Past(alice.pk, "late", JUNE))
    with in_organisation(alice.organisation), pytest.raises(Room.DoesNotExist):
        import_history(10**9, [Past(alice.pk, "x", JUNE)])


def test_few_statements(alice: Any, bob: Any) -> None:
    with in_organisation(alice.organisation):
        fresh = rooms.create_room(alice, name="Fresh")
        with queries() as asked:
            import_history(fresh.pk, [Past(alice.pk, f"@bob {number}", JUNE) for number in range(500)])
    assert len([one for one in asked if "savepoint" not in str(one).lower()]) <= 8, asked
