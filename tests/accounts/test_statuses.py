"""What people say they are at, and who is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import statuses
from accounts.directory import card
from accounts.models import Person
from tenants.db import in_organisation
from tests.events import Published

ClientOf = Callable[[Any], Client]


def now(person: Any) -> Person:
    with in_organisation(person.organisation):
        return Person.objects.get(pk=person.pk)


def test_a_status_is_shown_until_it_is_cleared(bob: Any, client_of: ClientOf, published: Published) -> None:
    browser = client_of(bob)
    said = {"emoji": "🎧", "text": "  Deep   work ", "lasting": ""}
    assert browser.post("/me/status/", said).status_code == 302
    assert card(now(bob))["status"] == {"emoji": "🎧", "text": "Deep work", "until": 0}
    assert [frame for frame in published.frames("activity") if b'"person"' in frame]
    heard = len(published())
    browser.post("/me/status/", said)
    assert len(published()) == heard  # the same again is no news
    assert "Deep work" in browser.get("/me/").content.decode()
    assert browser.post("/me/status/", {"clear": "1"}).status_code == 302
    assert "status" not in card(now(bob))


def test_words_alone_get_an_emoji_and_nothing_clears(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    browser.post("/me/status/", {"text": "Back soon", "lasting": "1h"})
    assert now(bob).status_emoji == statuses.WITHOUT_EMOJI
    browser.post("/me/status/", {"text": "", "emoji": "", "lasting": "1h"})
    assert now(bob).status_text == ""


@pytest.mark.parametrize("emoji", ["👩🏽\u200d💻", "🇩🇪", "7\ufe0f\u20e3", "❤️", "☕"])
def test_emoji_of_several_characters_are_taken(emoji: str, bob: Any, client_of: ClientOf) -> None:
    assert client_of(bob).post("/me/status/", {"emoji": emoji, "lasting": "today"}).status_code == 302
    assert now(bob).status_emoji == emoji


@pytest.mark.parametrize(
    "wrong",
    [
        {"emoji": "x"},
        {"emoji": "<b>"},
        {"emoji": "☕x"},
        {"text": "x" * 101},
        {"lasting": "never"},
        {"emoji": "7"},
    ],
)
def test_what_is_no_status_is_refused(wrong: dict[str, str], bob: Any, client_of: ClientOf) -> None:
    said = {"emoji": "☕", "text": "Tea", "lasting": "today"}
    assert client_of(bob).post("/me/status/", said | wrong).status_code == 422
    assert now(bob).status_emoji == ""


def test_a_status_that_is_over_is_not_shown(bob: Any) -> None:
    with in_organisation(bob.organisation):
        statuses.set_status(bob, emoji="🚆", text="On the train", until=timezone.now() + timedelta(hours=1))
        assert card(bob)["status"]["until"] == bob.status_until.timestamp()
        Person.objects.filter(pk=bob.pk).update(status_until=timezone.now() - timedelta(seconds=1))
        bob.refresh_from_db()
        assert "status" not in card(bob)
        with pytest.raises(statuses.StatusRefused):
            statuses.set_status(bob, emoji="🚆", text="", until=timezone.now() - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("lasting", "expected"),
    [
        ("30m", datetime(2026, 11, 23, 20, 30, tzinfo=UTC)),
        ("today", datetime(2026, 11, 24, 15, tzinfo=UTC)),  # midnight in Tokyo, where it is Tuesday
        ("week", datetime(2026, 11, 29, 15, tzinfo=UTC)),
        ("", None),
    ],
)
def test_days_and_weeks_end_where_the_person_is(lasting: str, expected: datetime | None) -> None:
    monday_evening = datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert statuses.end_of(lasting, monday_evening, "Asia/Tokyo") == expected


def test_a_day_with_another_offset_still_ends_at_midnight() -> None:
    saturday = datetime(2026, 10, 24, 12, tzinfo=UTC)  # the night after it is an hour longer in Berlin
    assert statuses.end_of("week", saturday, "Europe/Berlin") == datetime(2026, 10, 25, 23, tzinfo=UTC)
