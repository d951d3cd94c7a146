"""The demo organisation: made once, lifelike, and as consistent as one that people made."""

import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from chat.demo import cast, talk
from chat.models import Membership, Message, Room
from chat.text import People, clean, render
from chat.unread import unread_of
from notifications.models import Notification
from tenants.db import in_organisation
from tenants.models import Organisation

NAMES = [str(file.relative_to(talk.FOLDER)).removesuffix(".txt") for file in talk.FOLDER.rglob("*.txt")]


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


@pytest.fixture
def development(settings: Any) -> None:
    settings.DEBUG = True


@pytest.mark.usefixtures("acme", "development")
def test_it_is_made_once_in_seconds_and_is_lifelike() -> None:
    started = time.process_time()
    said = demo()
    assert time.process_time() - started < 10
    assert "alice@demo.example" in said and cast.PASSWORD in said
    assert demo() == said
    organisation = Organisation.objects.get(address="demo")
    with in_organisation(organisation):
        _check_people()
        _check_messages()
        _check_unread()
    browser = Client(headers={"host": organisation.host})
    form = {"login": "alice@demo.example", "password": cast.PASSWORD}
    assert browser.post("/accounts/login/", form).status_code == 302
    assert browser.get("/", follow=True).status_code == 200


def _check_people() -> None:
    roles = Counter(Person.objects.filter(kind="person").values_list("role", flat=True))
    assert roles == {"owner": 1, "administrator": 1, "member": 11, "guest": 1}
    assert [person.name for person in Person.objects.filter(is_active=False)] == ["Marek Nowak"]
    guest = Person.objects.get(role="guest")
    assert [one.room.name for one in Membership.objects.filter(person=guest)] == ["skye-ferries"]


def _check_messages() -> None:
    assert Message.objects.count() > 500
    assert Message.objects.filter(deleted_at__isnull=False).count() >= 2
    assert Message.objects.filter(edited_at__isnull=False).count() >= 3
    newest = Message.objects.latest("created_at").created_at
    assert timezone.now() - newest < timedelta(minutes=1)
    assert newest - Message.objects.earliest("created_at").created_at > timedelta(days=17)
    for room in Room.objects.all():
        rows = list(Message.objects.filter(room=room).order_by("position"))
        assert [row.position for row in rows] == list(range(1, room.messages + 1)), room
        times = [row.created_at for row in rows]
        assert times == sorted(set(times)) and times[-1] == room.last_message_at
        assert rows[-1].revision <= room.head and room.created_at < times[0]


def _check_unread() -> None:
    alice = Person.objects.get(email="alice@demo.example")
    unread = unread_of(alice.pk)
    assert sum(state.mentions for state in unread) >= 5
    assert any(state.unread for state in unread) and any(not state.unread for state in unread)
    assert Notification.objects.filter(person=alice).count() == 3


@pytest.mark.usefixtures("acme", "development")
def test_a_failure_midway_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast.UNREAD, "general", {"nobody": 1})
    with pytest.raises(KeyError):
        demo()
    assert not Organisation.objects.filter(address="demo").exists()
    monkeypatch.undo()
    assert "Sign in" in demo()


def test_not_in_production(settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError):
        demo()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 23, 3, 30, tzinfo=UTC),  # a Monday at night
        datetime(2026, 11, 28, 12, 0, tzinfo=UTC),  # a Saturday
        datetime(2026, 11, 25, 17, 59, tzinfo=UTC),
        datetime(2027, 1, 1, 0, 1, tzinfo=UTC),
    ],
)
def test_every_talk_can_be_read_at_any_time(name: str, now: datetime) -> None:
    said = talk.read(name, now)
    assert [one.at for one in said] == sorted({one.at for one in said})
    assert all(one.fate_at < now for one in said)
    assert now - said[0].at < timedelta(days=24)
    for one in said:
        assert clean(one.text) == one.text


def test_every_name_and_every_emoji_in_the_talk_is_known() -> None:
    people = People(enumerate((part.name for part in cast.PEOPLE), 1))
    said = [one.text for name in NAMES for one in talk.read(name, timezone.now())]
    for text in (*said, *(text for _, _, text in cast.JUST_NOW)):
        prose = re.sub(r"<(pre|code)\b.*?</\1>|<[^>]*>", " ", render(text, people).html, flags=re.DOTALL)
        assert not re.search(r":[a-z][a-z_-]+:", prose), text
        named = re.findall(r"@(?!room)\w+", re.sub(r"`[^`]*`", "", text))
        assert render(text, people).html.count("data-person") == len(named), text


def test_everybody_speaks_only_where_they_are() -> None:
    now = timezone.now()
    guests = {part.key for part in cast.PEOPLE if part.role == "guest"}
    everybody = {part.key for part in cast.PEOPLE}
    for place in cast.ROOMS:
        members = set(place.members) if place.members else everybody - guests
        assert {one.who for one in talk.read(place.name, now)} <= members, place.name
    for keys in cast.DIRECTS:
        assert {one.who for one in talk.read(f"directs/{'+'.join(keys)}", now)} <= set(keys)
    assert {place.name for place in cast.ROOMS} | {
        f"directs/{'+'.join(keys)}" for keys in cast.DIRECTS
    } == set(NAMES)


@pytest.mark.parametrize("line", ["hello", "@ yesterday", "Alice: capitals", "alice +5x: unit", "alice:"])
def test_what_is_no_talk_is_refused(line: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "FOLDER", tmp_path)
    (tmp_path / "odd.txt").write_text(f"@ -2 09:00\nalice: fine\n{line}\n")
    with pytest.raises(talk.Unreadable, match=r"odd\.txt, line 3"):
        talk.read("odd", timezone.now())
