"""What those who look after a room decide: who may do it, what it does to posting, and what open pages hear."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import people
from chat import room_settings, rooms
from chat.access import visible_rooms
from chat.messages import post_messages
from chat.models import Membership, Message, Room
from chat.posts import Post, Posted, Refused
from chat.room_names import NotAllowed, RoomRefused
from chat.room_settings import make_private, settle_room
from chat.search import search
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.events import Published
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def settle(person: Any, room: Room, **wanted: Any) -> Room:
    with in_organisation(person.organisation):
        return settle_room(person, room.pk, **wanted)


def post(person: Any, room: Room, **fields: Any) -> Posted | Refused:
    with in_organisation(person.organisation):
        (answer,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), "Hello", **fields)])
    return answer


def code_of(answer: Posted | Refused) -> str:
    return "" if isinstance(answer, Posted) else answer.code


def posted_before(person: Any, room: Room, seconds: float) -> None:
    """As if the person had written so many seconds ago."""
    with in_organisation(person.organisation):
        then = timezone.now() - timedelta(seconds=seconds)
        Membership.objects.filter(room=room, person=person).update(posted_at=then)


# -- Who decides -------------------------------------------------------------------------------------------------------


def test_its_creator_and_administrators_decide(
    alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any
) -> None:
    with in_organisation(bob.organisation):
        room = rooms.create_room(bob, "Boats", members=[charlie.pk])
        secret = rooms.create_room(bob, "Yachts", Room.Kind.PRIVATE)
        for person in (alice, bob):
            settle_room(person, room.pk, description=f"By {person.name}")
        for change in (
            lambda one: settle_room(one, room.pk, slow_seconds=10),
            lambda one: make_private(one, room.pk),
        ):
            with pytest.raises(NotAllowed):
                change(charlie)
            with pytest.raises(Room.DoesNotExist):
                change(dana)
            with in_organisation(mallory.organisation), pytest.raises(Room.DoesNotExist):
                change(mallory)
        with pytest.raises(Room.DoesNotExist):
            settle_room(alice, secret.pk, slow_seconds=10)  # what she can't see she can't change
        direct = rooms.open_direct(bob, [alice.pk])
        with pytest.raises(RoomRefused):
            settle_room(bob, direct.pk, slow_seconds=10)
        rooms.archive_room(bob, room.pk)
        with pytest.raises(RoomRefused) as refused:
            settle_room(bob, room.pk, slow_seconds=10)
        assert refused.value.code == "archived"
        assert (Room.objects.get(pk=room.pk).slow_seconds, Room.objects.get(pk=room.pk).kind) == (0, "public")


def test_nonsense_changes_nothing(alice: Any, room: Room) -> None:
    for wanted, code in (
        ({"description": "x" * 1001}, "description_too_long"),
        ({"description": "a\x07b"}, "description_malformed"),
        ({"slow_seconds": 11}, "slow_unknown"),
        ({"for_newcomers": True}, "newcomers_public"),
    ):
        with pytest.raises(RoomRefused) as refused:
            settle(alice, room, **wanted)
        assert refused.value.code == code
    assert settle(alice, room, description=" Two \n  lines ").description == "Two\nlines"


def test_a_change_is_one_revision_told_to_the_rooms_pages(
    alice: Any, room: Room, published: Published
) -> None:
    before, heard = settle(alice, room).head, len(published())
    settle(alice, room, announcements=True, slow_seconds=30)
    settle(alice, room, announcements=True)
    ((_, envelope),) = published()[heard:]
    said = json.loads(envelope.frame)
    assert (said["type"], said["after"], said["revision"]) == ("room", before, before + 1)
    assert (said["announcements"], said["replies"], said["slow"]) == (True, True, 30)


# -- Announcements -----------------------------------------------------------------------------------------------------


def test_only_who_looks_after_the_room_announces(alice: Any, bob: Any, dana: Any, room: Room) -> None:
    settle(alice, room, announcements=True)
    said = post(alice, room)
    assert isinstance(said, Posted)
    thread = {"thread_id": said.message_id}
    for person in (bob, dana):
        assert code_of(post(person, room)) == "announcements"
        assert code_of(post(person, room, **thread)) == ""
        assert code_of(post(person, room, **thread, also_in_room=True)) == "announcements"
    settle(alice, room, open_replies=False)
    assert code_of(post(bob, room, **thread)) == "announcements"
    assert code_of(post(alice, room, **thread, also_in_room=True)) == ""
    settle(alice, room, announcements=False)
    assert code_of(post(bob, room, **thread)) == ""  # closed replies matter with announcements only
    assert code_of(post(bob, room)) == ""


def test_its_creator_announces_in_their_own_room(bob: Any, charlie: Any) -> None:
    with in_organisation(bob.organisation):
        room = rooms.create_room(bob, "News", members=[charlie.pk])
    settle(bob, room, announcements=True)
    assert code_of(post(bob, room)) == ""
    assert code_of(post(charlie, room)) == "announcements"


def test_a_retry_of_what_was_posted_before_is_answered(alice: Any, bob: Any, room: Room) -> None:
    name = uuid.uuid4()
    with in_organisation(bob.organisation):
        again = [Post(bob.pk, room.pk, name, "Hello")]
        (first,) = post_messages(again)
        settle_room(alice, room.pk, announcements=True, slow_seconds=60)
        assert post_messages(again) == [first]


async def test_a_socket_refuses_too_and_hears_of_it(alice: Any, bob: Any, room: Room) -> None:
    tab = await Tab.room(bob, room.pk)
    await aside(settle, alice, room, announcements=True)
    assert (await tab.until("room"))["announcements"] is True
    await tab.post("Hello")
    assert (await tab.until("error"))["code"] == "announcements"
    await aside(settle, alice, room, announcements=False, slow_seconds=60)
    await tab.until("room", slow=60)
    await tab.post("Hello")
    await tab.until("posted")
    await tab.post("Hello again")
    refused = await tab.until("error")
    assert refused["code"] == "slow_mode"
    assert 58 < refused["retry_after"] <= 60
    await tab.close()


# -- Slow rooms --------------------------------------------------------------------------------------------------------


def test_a_slow_room_takes_one_post_of_each_in_so_long(alice: Any, bob: Any, dana: Any, room: Room) -> None:
    settle(alice, room, slow_seconds=30)
    assert [code_of(post(bob, room)) for _ in range(2)] == ["", "slow_mode"]
    assert [code_of(post(dana, room)) for _ in range(2)] == ["", "slow_mode"]
    assert [code_of(post(alice, room)) for _ in range(2)] == ["", ""]
    posted_before(bob, room, 29)
    refused = post(bob, room)
    assert isinstance(refused, Refused)
    assert 0 < refused.retry_after <= 1
    assert "1 second." in refused.detail
    posted_before(bob, room, 30)
    assert code_of(post(bob, room)) == ""


def test_replies_count_and_a_refusal_takes_no_number(alice: Any, bob: Any, room: Room) -> None:
    root = post(alice, room)
    assert isinstance(root, Posted)
    settle(alice, room, slow_seconds=30)
    assert code_of(post(bob, room, thread_id=root.message_id)) == ""
    assert code_of(post(bob, room)) == "slow_mode"
    with in_organisation(alice.organisation):
        assert Room.objects.get(pk=room.pk).messages == 1
        assert not Message.objects.filter(room=room, author=bob, position__isnull=False).exists()


def test_of_posts_at_once_one_is_taken(alice: Any, bob: Any, dana: Any, room: Room) -> None:
    settle(alice, room, slow_seconds=60)

    def run(number: int) -> str:
        try:
            return code_of(post((bob, dana)[number % 2], room))
        finally:
            leave()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(run, range(8)))
    assert sorted(answers) == ["", "", *["slow_mode"] * 6]
    posted_before(bob, room, 61)
    with in_organisation(bob.organisation):  # and within one batch
        batch = [Post(bob.pk, room.pk, uuid.uuid4(), "Hello") for _ in range(3)]
        assert [code_of(one) for one in post_messages(batch)] == ["", "slow_mode", "slow_mode"]


def test_posting_still_takes_three_statements(alice: Any, bob: Any, room: Room, say: Say) -> None:
    say(bob, room, "Hello")
    with queries() as plain:
        say(bob, room, "Hello")
    settle(alice, room, slow_seconds=10)
    with queries() as slow:
        say(bob, room, "Hello")
    assert len(slow) == len(plain)


def test_http_says_how_long(alice: Any, bob: Any, room: Room, client_of: Browser) -> None:
    settle(alice, room, slow_seconds=60)
    browser, url = client_of(bob), f"/rooms/r{room.pk}/messages/"
    answers = [browser.post(url, {"text": "Hello", "client_id": str(uuid.uuid4())}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    error = answers[1].json()["error"]
    assert error["code"] == "slow_mode"
    assert 58 < error["retry_after"] <= 60
    page = browser.get(f"/rooms/r{room.pk}/").content.decode()
    assert 'data-slow="60" data-waits="60"' in page or 'data-slow="60" data-waits="59"' in page
    settle(alice, room, announcements=True)
    assert browser.post(url, {"text": "Hello", "client_id": str(uuid.uuid4())}).status_code == 403


def test_lists_commands_and_forwards_say_how_long_too(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say, client_of: Browser
) -> None:
    said = say(bob, public_room, "Pass it on")
    settle(alice, room, slow_seconds=60)
    browser, at = client_of(bob), f"/rooms/r{room.pk}/"
    post(bob, room)
    sent = {
        f"{at}lists/": {"text": "Lunch?", "options": "Pizza\nSalad"},
        f"{at}commands/": {"text": "/shrug"},
        f"/rooms/r{public_room.pk}/messages/m{said.message_id}/forwards/": {"room": f"r{room.pk}"},
        f"/rooms/r{public_room.pk}/messages/m{said.message_id}/moves/": {"room": f"r{room.pk}"},
    }
    for url, fields in sent.items():
        answer = browser.post(url, {**fields, "client_id": str(uuid.uuid4())})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (429, "slow_mode"), url
        assert 58 < error["retry_after"] <= 60
        assert answer.headers["Retry-After"] in ("59", "60")


# -- Newcomers ---------------------------------------------------------------------------------------------------------


def newcomer(organisation: Any, role: str = "member") -> Any:
    with in_organisation(organisation):
        return people.create_person(email=f"{uuid.uuid4().hex}@acme.example", name="New", role=role)


def test_newcomers_join_and_may_leave(alice: Any, bob: Any, public_room: Room) -> None:
    settle(alice, public_room, for_newcomers=True)
    person, guest = newcomer(alice.organisation), newcomer(alice.organisation, "guest")
    with in_organisation(alice.organisation):
        present = Membership.objects.filter(room=public_room, left_at__isnull=True)
        assert present.filter(person=person).exists()
        assert not present.filter(person=guest).exists()
        rooms.leave_room(person, public_room.pk)
        people.change_role(alice, person.pk, "administrator")  # no newcomer any more
        assert not present.filter(person=person).exists()
        with pytest.raises(NotAllowed):
            settle_room(
                bob, rooms.create_room(bob, "Bob's").pk, for_newcomers=True
            )  # its creator, but no administrator
        rooms.archive_room(alice, public_room.pk)
        assert not present.filter(person=newcomer(alice.organisation)).exists()


# -- Becoming private --------------------------------------------------------------------------------------------------


async def test_a_visitors_socket_ends_and_nothing_is_found_any_more(
    alice: Any, bob: Any, charlie: Any, public_room: Room, say: Say, client_of: Browser
) -> None:
    said = await aside(say, alice, public_room, "A secret plan")
    visitor, member = await Tab.room(charlie, public_room.pk), await Tab.room(bob, public_room.pk)

    def close() -> None:
        with in_organisation(alice.organisation):
            make_private(alice, public_room.pk)

    await aside(close)
    assert await visitor.until_closed() == 4403
    assert (await member.until("room"))["kind"] == "private"
    await aside(say, alice, public_room, "More of it")
    await member.until("messages")

    def look() -> None:
        browser, url = client_of(charlie), f"/rooms/r{public_room.pk}/"
        for path in (url, f"{url}messages/m{said.message_id}/", f"{url}details/", f"{url}pins/"):
            assert browser.get(path).status_code == 404
        assert browser.post(f"{url}membership/").status_code == 404
        with in_organisation(charlie.organisation):
            assert search(charlie, "plan").items == []
            assert not visible_rooms(charlie).filter(pk=public_room.pk).exists()
            assert len(search(bob, "plan").items) == 1

    await aside(look)
    with pytest.raises(ConnectionResetError):
        await Tab.room(charlie, public_room.pk)
    await member.close()


async def test_who_comes_while_it_becomes_private_does_not_stay(
    alice: Any, charlie: Any, public_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their rights are read, then it becomes private before they hear that they are in."""
    from chat import catching_up

    real = catching_up._rights

    def slow(readers: Any) -> Any:
        rights = real(readers)
        if any(reader.person_id == charlie.pk for reader in readers):
            with in_organisation(alice.organisation):
                make_private(alice, public_room.pk)
        return rights

    tab = await Tab.open(charlie, f"/ws/rooms/r{public_room.pk}/")
    monkeypatch.setattr(catching_up, "_rights", slow)
    await tab.send("resume", revision=None, epoch=str(charlie.organisation.epoch))
    assert await tab.until_closed() == 4403


def test_private_is_for_ever_and_not_for_everybodys_room(
    alice: Any, public_room: Room, published: Published
) -> None:
    with in_organisation(alice.organisation):
        settle_room(alice, public_room.pk, for_newcomers=True)
        make_private(alice, public_room.pk)
        heard = len(published())
        room = make_private(alice, public_room.pk)
        assert (room.kind, room.for_newcomers, len(published())) == ("private", False, heard)
        with pytest.raises(RoomRefused):
            make_private(alice, Room.objects.get(is_default=True).pk)
        assert not hasattr(room_settings, "make_public")


# -- The panel ---------------------------------------------------------------------------------------------------------


def test_the_panel(alice: Any, bob: Any, charlie: Any, public_room: Room, client_of: Browser) -> None:
    url = f"/rooms/r{public_room.pk}/settings/"
    browser = client_of(alice)
    form = {"description": "For <all>", "announcements": "1", "slow_seconds": "60", "for_newcomers": "1"}
    page = browser.post(url, form).content.decode()
    assert "For &lt;all&gt;" in page
    assert "Make #Lounge private?" in page
    with in_organisation(alice.organisation):
        room = Room.objects.get(pk=public_room.pk)
        assert (room.announcements, room.open_replies, room.slow_seconds, room.for_newcomers) == (
            True,
            False,
            60,
            True,
        )
    for person in (bob, charlie):
        assert client_of(person).get(url).status_code == client_of(person).post(url, form).status_code == 403
        details = client_of(person).get(f"/rooms/r{public_room.pk}/details/").content.decode()
        assert "For &lt;all&gt;" in details
        assert url not in details
        begins = client_of(person).get(f"/rooms/r{public_room.pk}/").content.decode()
        assert '<p dir="auto">For &lt;all&gt;</p>' in begins
    for nonsense in (
        {"slow_seconds": "x"},
        {"slow_seconds": "7"},
        {"description": "x" * 1001, "slow_seconds": "0"},
    ):
        assert browser.post(url, nonsense).status_code == 422
    answer = browser.post(f"/rooms/r{public_room.pk}/privacy/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/rooms/r{public_room.pk}/"
    assert client_of(charlie).get(url).status_code == 404
