"""What people chose where many did: fragments stay small, everybody knows their own, and who asks sees them all."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import people
from chat import choices, polls
from chat.changes import delete_message
from chat.choices import MOST_LISTED
from chat.listing import new_poll
from chat.memberships import add_members
from chat.messages import post_messages
from chat.models import Message, Reaction, Room
from chat.parts.people import NAMED
from chat.posts import Post, Posted
from chat.reactions import add_reaction, remove_reaction
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


@pytest.fixture
def crowd(alice: Any, room: Room) -> list[Any]:
    """Thirteen more people of the room."""
    with in_organisation(alice.organisation):
        many: list[Any] = [
            people.create_person(email=f"p{n}@acme.example", name=f"Person {n}", role="member", password=None)
            for n in range(NAMED + 1)
        ]
        add_members(alice, room.pk, [one.pk for one in many])
    for one in many:
        one.organisation = alice.organisation  # as the cast has it
    return many


def react(person: Any, room: Room, message_id: int, emoji: str = "👍", *, back: bool = False) -> None:
    with in_organisation(person.organisation):
        (remove_reaction if back else add_reaction)(person, room.pk, message_id, emoji)


def vote(person: Any, room: Room, message_id: int, number: int) -> list[int]:
    with in_organisation(person.organisation):
        return polls.vote(person, room.pk, message_id, number)


def poll_of(person: Any, room: Room, **options: Any) -> int:
    wanted = new_poll(["Pizza", "Salad"], **options)
    with in_organisation(person.organisation):
        (answer,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), "Lunch?", new_list=wanted)])
    assert isinstance(answer, Posted)
    return answer.message_id


def html(person: Any, message_id: int) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=message_id).html


def named(some: list[Any]) -> str:
    return f'data-people="{" ".join(f"p{one.pk}" for one in some)}"'


def told(published: Published) -> list[dict[str, Any]]:
    """The frames that told people of their own choices."""
    frames = [json.loads(frame) for frame in published.frames("activity")]
    return [frame for frame in frames if frame["type"] == "chose"]


def test_a_chip_names_twelve_and_counts_the_others(
    alice: Any, room: Room, say: Say, crowd: list[Any], published: Published
) -> None:
    said = say(alice, room, "Lunch?").message_id
    for one in crowd[:NAMED]:
        react(one, room, said)
    assert f'{named(crowd[:NAMED])}><span class="emoji">👍</span> 12</button>' in html(alice, said)
    assert told(published) == []  # the fragment says it
    last = crowd[NAMED]
    react(last, room, said)
    assert f'{named(crowd[:NAMED])} data-count="13">' in html(alice, said)
    react(last, room, said)
    (frame,) = told(published)
    assert f'data-revision="{frame.pop("revision")}"' in html(alice, said)
    assert frame == {"type": "chose", "message": f"m{said}", "emoji": "👍", "on": True}
    (envelope,) = [one for _, one in published("activity") if b'"chose"' in (one.frame or b"")]
    assert envelope.topics == (f"person.{last.pk}",)
    react(crowd[0], room, said, back=True)
    assert f"{named(crowd[1:])}><span" in html(alice, said)


def test_an_option_names_twelve_and_counts_the_others(alice: Any, room: Room, crowd: list[Any]) -> None:
    poll = poll_of(alice, room)
    for one in crowd:
        assert vote(one, room, poll, 1) == [1]
    drawn = html(alice, poll)
    assert f'data-option="1" data-count="13" {named(crowd[:NAMED])}' in drawn
    assert 'data-option="2" data-count="0" data-people=""' in drawn and 'data-voters="13"' in drawn


def test_ones_own_choices_are_told_to_oneself(
    alice: Any, bob: Any, charlie: Any, mallory: Any, room: Room, say: Say, client_of: Browser
) -> None:
    said, poll = say(alice, room, "Lunch?").message_id, poll_of(alice, room, anonymous=True, multiple=True)
    react(bob, room, said, "🎉")
    react(bob, room, said, "👍")
    vote(bob, room, poll, 2)
    vote(bob, room, poll, 1)

    def asked(person: Any, *ids: int) -> Any:
        answer = client_of(person).get(f"/choices/?messages={','.join(f'm{one}' for one in ids)}")
        return answer.json()["choices"]

    assert asked(bob, said, poll) == {
        f"m{said}": {"emoji": ["🎉", "👍"], "options": []},
        f"m{poll}": {"emoji": [], "options": [1, 2]},
    }
    for person in (alice, charlie, mallory):
        assert asked(person, said, poll) == {}
    assert asked(bob) == {}
    assert client_of(bob).get("/choices/?messages=r1").status_code == 422


def test_pages_of_ones_own_hear_of_a_vote(alice: Any, bob: Any, room: Room, published: Published) -> None:
    poll = poll_of(alice, room, anonymous=True)
    vote(bob, room, poll, 1)
    vote(bob, room, poll, 1)  # again is no news
    vote(bob, room, poll, 2)
    with in_organisation(bob.organisation):
        assert polls.unvote(bob, room.pk, poll, 2) == []
    assert [frame["options"] for frame in told(published)] == [[1], [2], []]
    topics = {one.topics for _, one in published("activity") if b'"chose"' in (one.frame or b"")}
    assert topics == {(f"person.{bob.pk}",)}


def test_everybody_who_chose_is_listed(
    alice: Any,
    bob: Any,
    charlie: Any,
    dana: Any,
    mallory: Any,
    room: Room,
    say: Say,
    crowd: list[Any],
    client_of: Browser,
) -> None:
    said, poll, hidden = (
        say(alice, room, "Lunch?").message_id,
        poll_of(alice, room),
        poll_of(alice, room, anonymous=True),
    )
    for one in crowd:
        react(one, room, said)
        vote(one, room, poll, 2)
        vote(one, room, hidden, 1)

    def page(person: Any, message_id: int) -> str:
        url = f"/rooms/r{room.pk}/messages/m{message_id}/choices/"
        answer = client_of(person).get(url, headers={"HX-Request": "true"})
        return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)

    for person in (bob, dana):
        assert "Person 12" in page(person, said) and "13 people" in page(person, said)
    assert "Salad" in page(bob, poll) and "Pizza" not in page(bob, poll) and "Person 12" in page(bob, poll)
    assert "Person" not in page(bob, hidden) and "Nobody yet" in page(bob, hidden)
    assert page(charlie, said) == page(mallory, said) == page(bob, 999_999) == "404"
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said)
    assert page(bob, said) == "404"


def test_a_list_of_thousands_is_cut(
    alice: Any, room: Room, say: Say, monkeypatch: pytest.MonkeyPatch, crowd: list[Any], client_of: Browser
) -> None:
    assert MOST_LISTED == 200
    monkeypatch.setattr(choices, "MOST_LISTED", 5)
    said = say(alice, room, "Lunch?").message_id
    for one in crowd:
        react(one, room, said)
    page = client_of(alice).get(
        f"/rooms/r{room.pk}/messages/m{said}/choices/", headers={"HX-Request": "true"}
    )
    text = page.content.decode()
    assert "13 people" in text and "Person 4" in text and "Person 5" not in text and "There are more." in text


def test_what_asking_costs(alice: Any, bob: Any, room: Room, say: Say, crowd: list[Any]) -> None:
    counted = []
    for some in (crowd[:1], crowd):
        said, poll = say(alice, room, "Lunch?").message_id, poll_of(alice, room)
        for one in some:
            react(one, room, said)
            vote(one, room, poll, 1)
        with in_organisation(bob.organisation):
            with queries() as mine:
                choices.choices_of(bob, [said, poll])
            with queries() as all_of_them:
                choices.chosers_of(bob, room.pk, said)
        counted.append((len(mine), len(all_of_them)))
    assert counted == [(2, 3)] * 2
    with in_organisation(alice.organisation):
        assert Reaction.objects.count() == len(crowd) + 1
