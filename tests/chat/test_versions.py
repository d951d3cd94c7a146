"""Edit history: what is kept, who sees it, and that nothing of it outlives the message."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from accounts.organisation_settings import change_settings
from chat import changes, versions
from chat.changes import MessageRefused, delete_message, edit_message
from chat.models import Message, MessageVersion, Room
from chat.posts import Posted
from chat.versions import History, history_of
from tenants.db import in_organisation, leave
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def edit(person: Any, room: Room, said: Posted, *texts: str) -> None:
    with in_organisation(person.organisation):
        for text in texts:
            edit_message(person, room.pk, said.message_id, text)


def history(person: Any, room: Room, said: Posted) -> History:
    with in_organisation(person.organisation):
        return history_of(person, room.pk, said.message_id)


def texts(found: History) -> list[str]:
    return [
        "".join(piece.text for piece in version.changes if piece.fate != "removed")
        for version in found.versions
    ]


def decide(alice: Any, who: str) -> None:
    with in_organisation(alice.organisation):
        change_settings(alice, {"edit_history": who})


def test_every_version_is_kept_with_its_time(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "at two")
    edit(alice, room, said, "at three", "at three", "at four")
    found = history(bob, room, said)
    assert texts(found) == ["at four", "at three", "at two"]
    times = [version.written_at for version in found.versions]
    assert times == sorted(times, reverse=True)
    with in_organisation(alice.organisation):
        message = Message.objects.get(pk=said.message_id)
    assert (times[0], times[-1]) == (message.edited_at, message.created_at)
    assert [version.is_first for version in found.versions] == [False, False, True]
    assert ("removed", "three") in [(piece.fate, piece.text) for piece in found.versions[0].changes]


def test_an_edit_that_fails_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch, alice: Any, room: Room, say: Say
) -> None:
    said = say(alice, room, "before")
    monkeypatch.setattr(changes.sql, "replace_words", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        edit(alice, room, said, "after")
    with in_organisation(alice.organisation):
        assert not MessageVersion.objects.exists()


def test_edits_at_once_lose_no_version(alice: Any, room: Room, say: Say) -> None:
    said = say(alice, room, "0")

    def run(number: int) -> None:
        try:
            edit(alice, room, said, str(number))
        finally:
            leave()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(run, range(1, 13)))
    assert sorted(map(int, texts(history(alice, room, said)))) == list(range(13))


def test_who_sees_it(
    alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any, room: Room, say: Say
) -> None:
    said = say(bob, room, "before")
    edit(bob, room, said, "after")
    for person in (charlie, mallory):
        with pytest.raises(Message.DoesNotExist):
            history(person, room, said)
    seeing: dict[str, list[Any]] = {
        "everybody": [alice, bob, dana],
        "administrators": [alice, bob],
        "nobody": [],
    }
    for who, people in seeing.items():
        decide(alice, who)
        for person in (alice, bob, dana):
            if person in people:
                assert texts(history(person, room, said)) == ["after", "before"]
            else:
                with pytest.raises(MessageRefused) as refused:
                    history(person, room, said)
                assert refused.value.code == "forbidden"


def test_what_nobody_sees_is_not_kept(alice: Any, room: Room, say: Say) -> None:
    one, other = say(alice, room, "one"), say(alice, room, "other")
    edit(alice, room, one, "one two")
    edit(alice, room, other, "other two")
    decide(alice, "nobody")
    edit(alice, room, one, "one three")
    with in_organisation(alice.organisation):
        assert [version.text for version in MessageVersion.objects.all()] == ["other"]
        versions.forget_unwanted()
        assert not MessageVersion.objects.exists()


def test_the_daily_job_keeps_what_is_wanted(alice: Any, room: Room, say: Say) -> None:
    edit(alice, room, say(alice, room, "one"), "two")
    with in_organisation(alice.organisation):
        versions.forget_unwanted()
        assert MessageVersion.objects.count() == 1


def test_nothing_of_a_deleted_message_stays(alice: Any, bob: Any, room: Room, say: Say) -> None:
    said = say(bob, room, "before")
    edit(bob, room, said, "after")
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said.message_id)
        assert not MessageVersion.objects.exists()
    with pytest.raises(Message.DoesNotExist):
        history(alice, room, said)


def test_a_tombstone_says_which_administrator_and_when(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    hers, own = say(bob, room, "one"), say(bob, room, "two")
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, hers.message_id)
        delete_message(bob, room.pk, own.message_id)
        moment = Message.objects.get(pk=hers.message_id).deleted_at
    assert moment is not None
    frames = [json.loads(frame) for frame in published.frames()]
    by_alice, by_bob = [one["content"] for one in frames if "data-deleted" in one.get("content", "")]
    assert f'data-deleted="{moment.timestamp():.6f}" data-deleter="p{alice.pk}"' in by_alice
    assert "data-deleter" not in by_bob


def test_a_long_history_shows_its_newest(
    monkeypatch: pytest.MonkeyPatch, alice: Any, room: Room, say: Say
) -> None:
    monkeypatch.setattr(versions, "MOST_SHOWN", 2)
    said = say(alice, room, "1")
    edit(alice, room, said, "2", "3", "4")
    found = history(alice, room, said)
    assert (texts(found), found.has_older) == (["4", "3", "2"], True)
    assert not any(version.is_first for version in found.versions)


def test_over_http(alice: Any, bob: Any, charlie: Any, room: Room, say: Say, client_of: Browser) -> None:
    said = say(alice, room, "<b>at two</b>")
    edit(alice, room, said, "<b>at three</b>")
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/versions/"
    page = client_of(bob).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "&lt;b&gt;at " in page and "<b>" not in page
    assert "three" in page and "two" in page
    assert client_of(charlie).get(url).status_code == 404
    decide(alice, "administrators")
    answer = client_of(bob).get(url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert 'data-edit-history="administrators"' in client_of(bob).get(f"/rooms/r{room.pk}/").content.decode()


def test_what_the_panel_costs(alice: Any, room: Room, say: Say, client_of: Browser) -> None:
    said, browser, counted = say(alice, room, "0"), client_of(alice), []
    url = f"/rooms/r{room.pk}/messages/m{said.message_id}/versions/"
    for turn in range(2):
        edit(alice, room, said, *(f"{turn} {number}" for number in range(5)))
        browser.get(url)
        with queries() as asked:
            browser.get(url, headers={"HX-Request": "true"})
        counted.append(
            sum("tenants_organisation" not in one and "organisationsetting" not in one for one in asked)
        )
    assert counted == [5, 5]  # session and person; message, versions; room, cards
