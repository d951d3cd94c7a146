"""Polls and to-do lists: posted once, one vote each whatever the race, and nobody learns what an anonymous poll hides."""

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from chat import polls, rooms, todos
from chat.changes import MessageRefused, delete_message, edit_message
from chat.listing import NewPoll, new_poll, new_todo
from chat.messages import post_messages
from chat.models import Message, MessageText, Poll, PollOption, PollVote, Room, TodoItem
from chat.posts import Post, Posted, Refused
from chat.search import keeping, search
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def ask(
    person: Any, room: Room, wanted: Any = None, text: str = "Lunch?", client_id: uuid.UUID | None = None
) -> Posted | Refused:
    wanted = wanted or new_poll(["Pizza", "Salad"])
    with in_organisation(person.organisation):
        (answer,) = post_messages(
            [Post(person.pk, room.pk, client_id or uuid.uuid4(), text, new_list=wanted)]
        )
    return answer


def poll_in(person: Any, room: Room, **options: Any) -> int:
    answer = ask(person, room, new_poll(["Pizza", "Salad"], **options))
    assert isinstance(answer, Posted)
    return answer.message_id


def todo_in(person: Any, room: Room, *items: str) -> int:
    answer = ask(person, room, new_todo(items or ["Buy milk", "Feed the cat"]), "To do")
    assert isinstance(answer, Posted)
    return answer.message_id


def html(person: Any, message_id: int) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=message_id).html


def counts(person: Any, message_id: int) -> list[int]:
    return [
        int(count) for count in re.findall(r'data-option="\d+" data-count="(\d+)"', html(person, message_id))
    ]


def act(change: Callable[..., Any], person: Any, room: Room, *args: Any, **named: Any) -> None:
    with in_organisation(person.organisation):
        change(person, room.pk, *args, **named)


def refused(change: Callable[..., Any], person: Any, room: Room, *args: Any, **named: Any) -> str:
    with in_organisation(person.organisation), pytest.raises(MessageRefused) as caught:
        change(person, room.pk, *args, **named)
    return caught.value.code


# -- Posting ---------------------------------------------------------------------------------------------------------


def test_a_poll_is_posted_once_whatever_is_repeated(alice: Any, room: Room) -> None:
    again = uuid.uuid4()
    first, second = (ask(alice, room, client_id=again) for _ in range(2))
    assert isinstance(first, Posted) and first == second
    with in_organisation(alice.organisation):
        assert (Message.objects.filter(room=room).count(), PollOption.objects.count()) == (1, 2)
    other = ask(alice, room, new_poll(["Pizza", "Soup"]), client_id=again)
    assert isinstance(other, Refused) and other.code == "conflict"


def test_what_was_posted_is_what_is_drawn_anew(alice: Any, room: Room) -> None:
    for wanted in (
        new_poll(["<b>", "&"], multiple=True, is_open=True, minutes=5),
        new_poll(["a", "b"], anonymous=True),
        new_todo(["<i>", "x"]),
    ):
        answer = ask(alice, room, wanted)
        assert isinstance(answer, Posted)
        before = html(alice, answer.message_id)
        assert "<b>" not in before and "<i>" not in before
        act(edit_message, alice, room, answer.message_id, "Edited")
        after = html(alice, answer.message_id)
        assert re.findall(r'<div class="(?:poll|todo)".*</div>', after) == re.findall(
            r'<div class="(?:poll|todo)".*</div>', before
        )


def test_a_plain_message_asks_nothing_more(alice: Any, room: Room, say: Say) -> None:
    say(alice, room, "first")
    with queries() as asked:
        say(alice, room, "second")
    assert not any("poll" in one or "todo" in one for one in asked)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"options": "one"}, "too_few"),
        ({"options": ""}, "too_few"),
        ({"options": "same\nSame"}, "twice"),
        ({"options": "\n".join(str(number) for number in range(21))}, "too_many"),
        ({"options": "a\n" + "b" * 201}, "too_long"),
        ({"options": "a\nb\u202e"}, "malformed"),
        ({"options": "a\nb", "minutes": "x"}, "malformed"),
        ({"options": "a\nb", "minutes": "999999999"}, "malformed"),
        ({"options": "a\nb", "text": ""}, "empty"),
        ({"options": "a\nb", "client_id": "x"}, "malformed"),
        ({"items": ""}, "too_few"),
        ({"items": "\n".join(str(number) for number in range(51))}, "too_many"),
        ({"items": "x" * 301}, "too_long"),
        ({"items": "x", "text": ""}, "empty"),
    ],
)
def test_what_makes_no_list_is_refused(
    client_of: Browser, alice: Any, room: Room, fields: dict[str, str], code: str
) -> None:
    sent = {"client_id": str(uuid.uuid4()), "text": "Lunch?", **fields}
    answer = client_of(alice).post(f"/rooms/r{room.pk}/lists/", sent)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code
    with in_organisation(alice.organisation):
        assert not Message.objects.filter(room=room).exists()


def test_over_http_it_is_asked_voted_and_closed(client_of: Browser, alice: Any, bob: Any, room: Room) -> None:
    sent = {
        "client_id": str(uuid.uuid4()),
        "text": "Lunch?",
        "options": "Pizza\nSalad\n",
        "anonymous": "1",
        "open": "1",
        "minutes": "60",
    }
    answer = client_of(alice).post(f"/rooms/r{room.pk}/lists/", sent)
    assert answer.status_code == 201
    address = f"/rooms/r{room.pk}/messages/{answer.json()['id']}/poll/"
    his = client_of(bob)
    assert his.post(f"{address}2/vote/").json() == {"options": [2]}
    assert his.get(address).status_code == 405
    assert his.post(address, {"text": "Soup"}).status_code == 204
    assert his.delete(f"{address}2/vote/").json() == {"options": []}
    assert his.post(f"{address}closing/").status_code == 403
    assert client_of(alice).post(f"{address}closing/").status_code == 204
    assert his.post(f"{address}1/vote/").json()["error"]["code"] == "closed"


# -- Voting ----------------------------------------------------------------------------------------------------------


def test_a_vote_is_drawn_told_and_moves_with_its_voter(
    alice: Any, bob: Any, room: Room, published: Published
) -> None:
    poll = poll_in(alice, room)
    heard = len(published())
    act(polls.vote, bob, room, poll, 1)
    frames = [json.loads(frame) for frame in published.frames()[heard:]]
    assert [frame["type"] for frame in frames] == ["messages", "chose"]
    assert f'data-count="1" data-people="p{bob.pk}"' in frames[0]["content"]
    assert frames[0]["revision"] == frames[0]["after"] + 1
    act(polls.vote, bob, room, poll, 1)
    assert len(published()) == heard + 2  # again changes nothing
    act(polls.vote, bob, room, poll, 2)
    assert counts(alice, poll) == [0, 1]
    act(polls.unvote, bob, room, poll, 2)
    act(polls.unvote, bob, room, poll, 2)
    assert counts(alice, poll) == [0, 0]
    assert len(published()) == heard + 6


def test_where_several_may_be_chosen_each_counts_once(alice: Any, bob: Any, room: Room) -> None:
    poll = poll_in(alice, room, multiple=True)
    for person, number in ((bob, 1), (bob, 2), (alice, 2), (bob, 2)):
        act(polls.vote, person, room, poll, number)
    assert counts(alice, poll) == [1, 2]
    assert 'data-voters="2"' in html(alice, poll)


@pytest.mark.parametrize("multiple", [False, True])
def test_one_person_has_one_vote_whatever_the_race(
    alice: Any, bob: Any, dana: Any, room: Room, multiple: bool
) -> None:
    poll = poll_in(alice, room, multiple=multiple)

    def press(person: Any, number: int) -> None:
        try:
            act(polls.vote, person, room, poll, number)
        finally:
            leave()

    with ThreadPoolExecutor(8) as threads:
        pressed = [
            threads.submit(press, person, number)
            for _ in range(6)
            for person in (bob, dana)
            for number in (1, 2)
        ]
        for one in pressed:
            one.result()
    if multiple:
        assert counts(alice, poll) == [2, 2]
    else:
        assert sum(counts(alice, poll)) == 2
        assert 'data-voters="2"' in html(alice, poll)


def test_the_database_itself_holds_one_vote_each(alice: Any, bob: Any, room: Room) -> None:
    poll = poll_in(alice, room)
    act(polls.vote, bob, room, poll, 1)
    with in_organisation(alice.organisation):
        other = PollOption.objects.get(poll_id=poll, number=2)
    with in_organisation(alice.organisation), pytest.raises(IntegrityError), transaction.atomic():
        PollVote.objects.create(poll_id=poll, option=other, person=bob, single=True)


def test_an_anonymous_poll_tells_counts_only(
    client_of: Browser, alice: Any, bob: Any, room: Room, published: Published
) -> None:
    poll = poll_in(alice, room, anonymous=True)
    act(polls.vote, bob, room, poll, 1)
    drawn = html(alice, poll)
    assert 'data-count="1"' in drawn and "data-people" not in drawn
    assert f"p{bob.pk}" not in drawn
    assert all(f"p{bob.pk}" not in json.loads(frame).get("content", "") for frame in published.frames())
    page = client_of(alice).get(f"/rooms/r{room.pk}/").content.decode()
    assert 'data-people="p' not in page


def test_options_are_added_by_whoever_may(alice: Any, bob: Any, room: Room) -> None:
    shut, open_ = poll_in(alice, room), poll_in(alice, room, is_open=True)
    assert refused(polls.add_option, bob, room, shut, "Soup") == "forbidden"
    act(polls.add_option, alice, room, shut, "Soup")
    act(polls.add_option, bob, room, open_, " Soup ")
    act(polls.add_option, bob, room, open_, "soup")  # it is there
    assert counts(alice, shut) == counts(alice, open_) == [0, 0, 0]
    act(polls.vote, bob, room, open_, 3)
    assert refused(polls.add_option, bob, room, open_, "x" * 201) == "too_long"
    for number in range(17):
        act(polls.add_option, bob, room, open_, f"option {number}")
    assert refused(polls.add_option, bob, room, open_, "one too many") == "too_many"


def test_a_poll_is_closed_by_its_author_or_an_administrator(
    alice: Any, bob: Any, dana: Any, room: Room
) -> None:
    poll, other = poll_in(bob, room), poll_in(bob, room)
    assert refused(polls.close_poll, dana, room, poll) == "forbidden"
    act(polls.close_poll, bob, room, poll)
    act(polls.close_poll, alice, room, other)
    act(polls.close_poll, alice, room, other)
    for one in (poll, other):
        assert "data-closed" in html(alice, one)
        assert refused(polls.vote, dana, room, one, 1) == "closed"
        assert refused(polls.unvote, dana, room, one, 1) == "closed"
        assert refused(polls.add_option, bob, room, one, "x") == "closed"


def test_a_poll_closes_at_its_time(alice: Any, bob: Any, room: Room, run_jobs: Callable[[], None]) -> None:
    poll = poll_in(alice, room, minutes=5)
    assert "data-closes=" in html(alice, poll)
    act(polls.vote, bob, room, poll, 1)
    with in_organisation(alice.organisation):
        found = Poll.objects.get(pk=poll)
        polls.close_when_due(room.pk, poll)  # too early
        assert Poll.objects.get(pk=poll).closed_at is None
        Poll.objects.filter(pk=poll).update(
            closes_at=(found.closes_at or found.closes_at) - timedelta(minutes=6)
        )  # type: ignore[operator]
    assert refused(polls.vote, bob, room, poll, 2) == "closed"  # before any job ran
    with in_organisation(alice.organisation):
        for _ in range(2):
            polls.close_when_due(room.pk, poll)
    assert "data-closed" in html(alice, poll)
    assert counts(alice, poll) == [1, 0]


def test_who_may_vote(alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room) -> None:
    poll, public = poll_in(alice, room), poll_in(alice, public_room)
    act(polls.vote, dana, room, poll, 1)  # guests as members
    with in_organisation(alice.organisation):
        for change in (polls.vote, polls.unvote):
            with pytest.raises(Message.DoesNotExist):
                change(charlie, room.pk, poll, 1)
    assert refused(polls.vote, charlie, public_room, public, 1) == "forbidden"  # reads there, is not in it
    assert refused(polls.vote, bob, room, poll, 9) == "unknown_option"


def test_an_archived_room_refuses(alice: Any, bob: Any, room: Room) -> None:
    poll, todo = poll_in(alice, room), todo_in(alice, room)
    act(rooms.archive_room, alice, room)
    assert refused(polls.vote, bob, room, poll, 1) == "archived"
    assert refused(polls.close_poll, alice, room, poll) == "archived"
    assert refused(todos.tick, bob, room, todo, 1, done=True) == "archived"
    answer = ask(alice, room)
    assert isinstance(answer, Refused) and answer.code == "archived"


def test_a_deleted_poll_leaves_nothing(alice: Any, bob: Any, room: Room) -> None:
    poll, todo = poll_in(alice, room), todo_in(alice, room)
    act(polls.vote, bob, room, poll, 1)
    for message_id in (poll, todo):
        act(delete_message, alice, room, message_id)
        assert "Pizza" not in html(alice, message_id) and "milk" not in html(alice, message_id)
    with in_organisation(alice.organisation):
        assert (
            not PollOption.objects.exists()
            and not PollVote.objects.exists()
            and not TodoItem.objects.exists()
        )
        with pytest.raises(Message.DoesNotExist):
            polls.vote(bob, room.pk, poll, 1)


def test_what_is_no_poll_takes_no_votes(alice: Any, room: Room, say: Say) -> None:
    said, todo = say(alice, room, "Hello"), todo_in(alice, room)
    with in_organisation(alice.organisation):
        for message_id in (said.message_id, todo):
            with pytest.raises(Message.DoesNotExist):
                polls.vote(alice, room.pk, message_id, 1)
        with pytest.raises(Message.DoesNotExist):
            todos.tick(alice, room.pk, said.message_id, 1, done=True)


@pytest.mark.parametrize("wanted", [{"options": "a\nb"}, {"items": "a\nb"}])
def test_a_list_can_be_a_reply_and_stand_in_the_room_as_well(
    client_of: Browser, alice: Any, room: Room, say: Say, wanted: dict[str, str]
) -> None:
    root = say(alice, room, "The plan")
    for also in ("", "1"):
        place = {"thread": f"m{root.message_id}", "also_in_room": also}
        sent = {"client_id": str(uuid.uuid4()), "text": "When?", **wanted, **place}
        assert client_of(alice).post(f"/rooms/r{room.pk}/lists/", sent).status_code == 201
        with in_organisation(alice.organisation):
            said = Message.objects.latest("pk")
        assert said.thread_id == root.message_id
        assert said.position == (2 if also else None)


# -- To-do lists -----------------------------------------------------------------------------------------------------


def items(person: Any, message_id: int) -> list[tuple[str, str, str]]:
    found = re.findall(
        r'<li data-item="(\d+)"(?: data-by="(p\d+)" data-at="\d+")?><bdi>([^<]*)', html(person, message_id)
    )
    return [(number, text, by) for number, by, text in found]


def test_every_member_ticks_items_and_who_did_is_shown(alice: Any, bob: Any, dana: Any, room: Room) -> None:
    todo = todo_in(alice, room)
    act(todos.tick, bob, room, todo, 1, done=True)
    act(todos.tick, dana, room, todo, 1, done=True)  # who was first is kept
    assert items(alice, todo) == [("1", "Buy milk", f"p{bob.pk}"), ("2", "Feed the cat", "")]
    act(todos.tick, dana, room, todo, 1, done=False)
    assert items(alice, todo)[0] == ("1", "Buy milk", "")
    assert refused(todos.tick, dana, room, todo, 3, done=True) == "unknown_item"


def test_the_author_arranges_the_list_and_what_is_done_stays_done(alice: Any, bob: Any, room: Room) -> None:
    todo = todo_in(alice, room, "a", "b", "c")
    act(todos.tick, bob, room, todo, 3, done=True)
    first = [(1, "a"), (2, "b"), (3, "c")]
    act(todos.arrange, alice, room, todo, first, [(3, "C"), (None, "new"), (1, "a")])
    assert items(alice, todo) == [("3", "C", f"p{bob.pk}"), ("4", "new", ""), ("1", "a", "")]
    now = [(3, "C"), (4, "new"), (1, "a")]
    assert refused(todos.arrange, bob, room, todo, now, [(1, "mine")]) == "forbidden"
    assert refused(todos.arrange, alice, room, todo, first, [(1, "A")]) == "conflict"
    assert refused(todos.arrange, alice, room, todo, now, [(2, "gone")]) == "unknown_item"
    assert refused(todos.arrange, alice, room, todo, now, [(1, "a"), (1, "b")]) == "unknown_item"
    assert refused(todos.arrange, alice, room, todo, now, []) == "too_many"
    assert refused(todos.arrange, alice, room, todo, now, [(None, " ")]) == "malformed"
    assert len(items(alice, todo)) == 3


def test_of_two_devices_that_arrange_at_once_one_is_told(alice: Any, room: Room) -> None:
    """Both were opened on the same list: what the first one adds is not lost by the second."""
    todo, seen = todo_in(alice, room, "a"), [(1, "a")]

    def arrange(number: int) -> str:
        try:
            with in_organisation(alice.organisation):
                todos.arrange(alice, room.pk, todo, seen, [(1, "a"), (None, f"Device {number}")])
            return ""
        except MessageRefused as told:
            return told.code
        finally:
            leave()

    with ThreadPoolExecutor(8) as devices:
        answers = list(devices.map(arrange, range(8)))
    assert sorted(answers) == [""] + ["conflict"] * 7
    assert [text for _, text, _ in items(alice, todo)] == ["a", f"Device {answers.index('')}"]


def test_lists_are_found_by_what_is_in_them(alice: Any, bob: Any, charlie: Any, room: Room) -> None:
    def found(query: str, person: Any = None) -> list[int]:
        with in_organisation(alice.organisation):
            return [hit.message_id for hit in search(person or alice, query).items]

    poll, todo = poll_in(alice, room, is_open=True), todo_in(alice, room)
    assert found("pizza") == [poll] == found("has:poll") and found("milk") == [todo] == found("has:todo")
    act(polls.add_option, bob, room, poll, "Lasagne")
    act(todos.arrange, alice, room, todo, [(1, "Buy milk"), (2, "Feed the cat")], [(2, "Feed the whale")])
    assert found("lasagne") == [poll] == found("salad lunch") and found("whale") == [todo]
    assert found("milk") == [] == found("lasagne", charlie) == found("has:poll", charlie)
    act(edit_message, alice, room, poll, "Supper?")
    assert found("lasagne supper") == [poll] and found("lunch") == []
    with in_organisation(alice.organisation):
        MessageText.objects.update(version=0)
        keeping.keep()
    assert found("pizza supper") == [poll]


@pytest.mark.parametrize("sent", ["", "x", "{}", "[1]", '[["1", "a"]]', "[[1, null]]", "[[1]]"])
def test_a_malformed_list_is_refused(client_of: Browser, alice: Any, room: Room, sent: str) -> None:
    todo = todo_in(alice, room)
    answer = client_of(alice).post(
        f"/rooms/r{room.pk}/messages/m{todo}/todo/", {"items": sent, "before": "[]"}
    )
    assert answer.json()["error"]["code"] == "malformed"
    answer = client_of(alice).post(
        f"/rooms/r{room.pk}/messages/m{todo}/todo/", {"items": "[]", "before": sent}
    )
    assert answer.json()["error"]["code"] == "malformed"


def test_ticking_and_arranging_over_http(client_of: Browser, alice: Any, bob: Any, room: Room) -> None:
    address = f"/rooms/r{room.pk}/messages/m{todo_in(alice, room)}/todo/"
    assert client_of(bob).post(f"{address}1/tick/").status_code == 204
    assert client_of(bob).delete(f"{address}1/tick/").status_code == 204
    change = {"before": '[[1, "Buy milk"], [2, "Feed the cat"]]', "items": '[[2, "Feed"], [null, "Sleep"]]'}
    assert client_of(alice).post(address, change).status_code == 204
    assert client_of(alice).post(address, change).status_code == 409
    assert client_of(bob).post(address, change).status_code == 403


def test_options_are_told_apart_by_what_they_say() -> None:
    assert repr(NewPoll(("a", "b"))) != repr(NewPoll(("a, b",)))


@pytest.mark.parametrize(
    ("line", "text", "drawn"),
    [
        ("/poll Lunch? | Pizza | Salad", "Lunch?", ["Pizza", "Salad"]),
        ('/poll "Lunch?" "Pizza or so" “Salad”', "Lunch?", ["Pizza or so", "Salad"]),
        ("/todo Today\nmilk\ncat", "Today", ["milk", "cat"]),
    ],
)
def test_a_command_posts_a_list(
    client_of: Browser, alice: Any, room: Room, line: str, text: str, drawn: list[str]
) -> None:
    sent = {"text": line, "client_id": str(uuid.uuid4())}
    answers = [client_of(alice).post(f"/rooms/r{room.pk}/commands/", sent) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    with in_organisation(alice.organisation):
        message = Message.objects.get(room=room)
    assert message.text == text
    assert re.findall(r"<li [^>]*><bdi>([^<]*)", message.html) == drawn


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("/poll", 200, "poll-dialog"),
        ("/todo Today", 200, "todo-dialog"),
        ("/poll Lunch? | Pizza", 422, "too_few"),
    ],
)
def test_a_command_without_a_list_opens_its_dialog(
    client_of: Browser, alice: Any, room: Room, line: str, status: int, said: str
) -> None:
    sent = {"text": line, "client_id": str(uuid.uuid4())}
    answer = client_of(alice).post(f"/rooms/r{room.pk}/commands/", sent)
    assert answer.status_code == status
    assert said in answer.content.decode()
