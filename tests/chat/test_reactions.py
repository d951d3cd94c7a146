"""Reactions: one for each person and emoji whatever the race, refused where posting is, and seen by everybody."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat import memberships, rooms
from chat.changes import MessageRefused, delete_message, edit_message
from chat.models import Message, Reaction, Room
from chat.parts import KINDS
from chat.posts import Posted
from chat.reactions import MOST_EMOJI, add_reaction, remove_reaction
from chat.text import emoji as emoji_list
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.events import Published
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def stored(person: Any, said: Posted) -> Message:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=said.message_id)


def react(person: Any, room: Room, said: Posted, emoji: str) -> None:
    with in_organisation(person.organisation):
        add_reaction(person, room.pk, said.message_id, emoji)


def chip(emoji: str, *people: Any) -> str:
    ids = " ".join(f"p{person.pk}" for person in people)
    return f'data-emoji="{emoji}" data-people="{ids}"'


def test_a_reaction_is_drawn_counted_and_told(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    said = say(alice, room, "Lunch?")
    react(alice, room, said, "👍")
    react(bob, room, said, "👍")
    react(bob, room, said, "🍕")
    message = stored(alice, said)
    assert message.revision == said.revision + 3
    assert chip("👍", alice, bob) in message.html
    assert message.html.index("👍") < message.html.index("🍕")
    (schema, envelope) = published(f"room.{room.pk}")[-1]
    frame = json.loads(envelope.frame)
    assert (schema, frame["content"]) == (alice.organisation.schema_name, message.html)
    assert (frame["after"], frame["revision"]) == (message.revision - 1, message.revision)


def test_again_changes_and_draws_nothing(alice: Any, room: Room, say: Say, published: Published) -> None:
    said = say(alice, room, "Lunch?")
    react(alice, room, said, "❤")
    before, heard = stored(alice, said), len(published())
    react(alice, room, said, "❤️")  # the same, as other keyboards spell it
    with in_organisation(alice.organisation):
        remove_reaction(alice, room.pk, said.message_id, "👍")
    assert (stored(alice, said).revision, len(published())) == (before.revision, heard)


def test_one_is_taken_back_and_the_others_stay(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Lunch?")
    for person in (alice, bob):
        react(person, room, said, "👍")
    with in_organisation(alice.organisation):
        remove_reaction(alice, room.pk, said.message_id, "👍")
    assert chip("👍", bob) in stored(alice, said).html
    with in_organisation(alice.organisation):
        remove_reaction(bob, room.pk, said.message_id, "👍")
    assert "reaction" not in stored(alice, said).html


def test_of_a_race_one_remains(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Lunch?")
    start = threading.Barrier(8)
    failed: list[BaseException] = []

    def run(person: Any) -> None:
        try:
            start.wait(10)
            react(person, room, said, "👍")
        except BaseException as error:
            failed.append(error)
        finally:
            leave()

    threads = [threading.Thread(target=run, args=(person,)) for person in (alice, bob) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    message = stored(alice, said)
    with in_organisation(alice.organisation):
        assert Reaction.objects.count() == 2
    assert message.revision == said.revision + 2
    assert "</span> 2</button>" in message.html


@pytest.mark.parametrize("wrong", ["", "ok", ":tada:", "👍👍", "<script>", "\x00", "🏽", "e1"])
def test_what_is_no_emoji_is_refused(alice: Any, room: Room, say: Say, wrong: str) -> None:
    said = say(alice, room, "Lunch?")
    with pytest.raises(MessageRefused) as refused:
        react(alice, room, said, wrong)
    assert refused.value.code == "unknown_emoji"
    assert stored(alice, said).revision == said.revision


def test_a_message_takes_twenty_different_ones(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Lunch?")
    some = [one.emoji for one in emoji_list.listing().emoji[: MOST_EMOJI + 1]]
    for emoji in some[:-1]:
        react(alice, room, said, emoji)
    with pytest.raises(MessageRefused) as refused:
        react(bob, room, said, some[-1])
    assert refused.value.code == "too_many"
    react(bob, room, said, some[0])
    assert chip(some[0], alice, bob) in stored(alice, said).html


def test_who_is_not_in_the_room_does_not_react(
    alice: Any, charlie: Any, mallory: Any, room: Room, public_room: Room, say: Say
) -> None:
    hidden, seen = say(alice, room, "Secret"), say(alice, public_room, "Open")
    for person, place, said in ((charlie, room, hidden), (mallory, room, hidden)):
        with pytest.raises(Message.DoesNotExist):
            react(person, place, said, "👍")
    with pytest.raises(MessageRefused) as refused:
        react(charlie, public_room, seen, "👍")
    assert refused.value.code == "forbidden"


def test_an_administrator_reacts_only_as_a_member(alice: Any, public_room: Room, say: Say) -> None:
    said = say(alice, public_room, "Open")
    with in_organisation(alice.organisation):
        memberships.leave_room(alice, public_room.pk)
    with pytest.raises(MessageRefused) as refused:
        react(alice, public_room, said, "👍")
    assert refused.value.code == "forbidden"


def test_an_archived_room_stays_as_it_is(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Lunch?")
    react(bob, room, said, "👍")
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
        for change in (add_reaction, remove_reaction):
            with pytest.raises(MessageRefused) as refused:
                change(bob, room.pk, said.message_id, "👍")
            assert refused.value.code == "archived"
        assert Reaction.objects.count() == 1


def test_reactions_outlive_an_edit_and_go_with_the_message(alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Lunch?")
    react(alice, room, said, "👍")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "Supper?")
        assert chip("👍", alice) in stored(alice, said).html
        delete_message(alice, room.pk, said.message_id)
        assert not Reaction.objects.exists()
    assert "reaction" not in stored(alice, said).html
    with pytest.raises(Message.DoesNotExist):
        react(alice, room, said, "👍")


async def test_who_was_away_catches_up_with_reactions(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = await aside(say, alice, room, "Lunch?")
    await aside(react, bob, room, said, "👍")
    tab = await Tab.open(alice, f"/ws/rooms/r{room.pk}/")
    await tab.send("resume", revision=said.revision, epoch=str(alice.organisation.epoch))
    frame = await tab.until("messages")
    assert chip("👍", bob) in frame["content"]
    await tab.close()


def test_over_http(bob: Any, room: Room, say: Say, client_of: Browser) -> None:
    said = say(bob, room, "Lunch?")
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/reactions"
    browser = client_of(bob)
    assert browser.post(f"{url}/👍🏽/").status_code == 204
    assert chip("👍🏽", bob) in stored(bob, said).html
    assert browser.delete(f"{url}/👍🏽/").status_code == 204
    assert browser.delete(f"{url}/👍🏽/").status_code == 204
    assert browser.get(f"{url}/👍/").status_code == 405
    answer = browser.post(f"{url}/nonsense/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_emoji")


def test_what_a_reaction_costs(alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "Lunch?")
    with in_organisation(alice.organisation), queries() as asked:
        add_reaction(alice, room.pk, said.message_id, "👍")
    # lock, message, membership, different emoji; the reaction, the room's head, all parts, the message
    assert len(asked) == 7 + len(KINDS), asked
