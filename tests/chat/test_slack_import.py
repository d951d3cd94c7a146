"""A Slack export in rooms of its own: what comes, whom it reaches, and that it comes once whatever happens."""

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django_tenants.utils import schema_context

from accounts.models import Person
from accounts.profiles import update_profile
from chat.models import (
    Import,
    ImportedFile,
    ImportedRoom,
    Membership,
    Mention,
    Message,
    MessageText,
    Reaction,
    Room,
    Thread,
    ThreadFollow,
)
from chat.search import search
from chat.slack import running
from chat.unread import unread_of
from notifications.models import Notification
from tenants.db import in_organisation
from tenants.models import Organisation
from tests.chat import slack_exports as exports

Bring = Callable[..., str]


@pytest.fixture
def bring(acme: Organisation, alice: Any, bob: Any, tmp_path: Path) -> Bring:
    """`bring(files, *options)` runs the command on an export of these files; what it said."""

    def run(files: dict[str, Any] | None = None, *options: str) -> str:
        path = exports.packed(files or exports.small(), tmp_path / "export.zip")
        out = StringIO()
        with schema_context("public"):  # a command begins there, and the test is inside
            call_command(
                "import_slack", path, "--organisation", acme.address, *options, stdout=out, stderr=StringIO()
            )
        return out.getvalue()

    return run


@pytest.fixture
def inside(acme: Organisation) -> Iterator[None]:
    with in_organisation(acme):
        yield


def room_of(channel: str) -> Room:
    return ImportedRoom.objects.get(channel=channel).room


def said(room: Room) -> list[Message]:
    return list(Message.objects.filter(room=room).order_by("created_at"))


def texts(room: Room) -> list[str]:
    return [message.text for message in said(room)]


def content() -> dict[str, list[Any]]:
    """All that an import makes, without what is random or of the moment, to compare two runs."""
    people = {person.pk: person.email for person in Person.objects.all()}
    rooms = {
        room.pk: room.name or ",".join(people[int(pk)] for pk in (room.direct_key or "").split(","))
        for room in Room.objects.all()
    }
    messages = {message.pk: message for message in Message.objects.all()}
    named = {pk: message.client_id for pk, message in messages.items()}
    return {
        "people": sorted(
            Person.objects.filter(is_placeholder=True).values_list("email", "name", "role", "kind", "is_active")
        ),
        "rooms": sorted(
            (r.name, r.kind, r.topic, r.messages, r.pins, r.created_at, bool(r.archived_at), str(r.last_message_at))
            for r in Room.objects.filter(pk__in=ImportedRoom.objects.values("room_id"))
        ),
        "messages": sorted(
            (
                str(one.client_id), rooms.get(one.room_id, ""), people[one.author_id], one.position or 0,
                str(named.get(one.thread_id or 0)), one.thread_position or 0, one.revision, one.kind, one.text,
                str(one.created_at), str(one.edited_at), str(one.deleted_at), str(one.pinned_at), one.html_version > 0,
            )
            for one in messages.values()
        ),
        "members": sorted(
            (rooms[one.room_id], people[one.person_id], one.read_position, one.revision)
            for one in Membership.objects.filter(room_id__in=ImportedRoom.objects.values("room_id"))
        ),
        "reactions": sorted(
            (str(named[one.message_id]), people[one.person_id], one.emoji) for one in Reaction.objects.all()
        ),
        "threads": sorted((str(named[one.pk]), one.messages, one.tombstones) for one in Thread.objects.all()),
        "follows": sorted(
            (str(named[one.thread_id]), people[one.person_id], one.read_position)
            for one in ThreadFollow.objects.all()
        ),
        "mentions": sorted((str(named[one.message_id]), people[one.person_id]) for one in Mention.objects.all()),
        "words": sorted(str(named[pk]) for pk in MessageText.objects.values_list("pk", flat=True)),
        "files": sorted(ImportedFile.objects.values_list("name", "size", "line")),
    }  # fmt: skip


@pytest.mark.usefixtures("inside")
def test_rooms_bear_what_the_channels_were(bring: Bring, alice: Any, bob: Any) -> None:
    bring()
    general, plans, secret, three, two = map(room_of, ("C0GENERAL", "C0PLANS", "G0SECRET", "G0THREE", "D0AB"))
    assert (general.name, general.kind) == ("general (Slack)", "public")  # there is a #general already
    assert general.topic == "Boats – Talk about boats" and general.created_by == alice
    assert plans.name == "plans" and plans.is_archived and not general.is_archived
    assert (secret.name, secret.kind) == ("secret", "private")
    assert (two.kind, two.direct_key) == ("direct", f"{alice.pk},{bob.pk}")
    assert three.kind == "direct" and three.direct_key.count(",") == 2


@pytest.mark.usefixtures("inside")
def test_nobody_gets_in_where_they_were_not(bring: Bring, alice: Any, bob: Any, charlie: Any) -> None:
    bring()
    members = {
        channel: set(Membership.objects.filter(room=room_of(channel)).values_list("person__name", flat=True))
        for channel in ("C0GENERAL", "G0SECRET", "D0AB")
    }
    assert members == {
        "C0GENERAL": {"Alice", "Bob", "Eve Ström", "Deploy Hook"},
        "G0SECRET": {"Bob", "Eve Ström"},
        "D0AB": {"Alice", "Bob"},
    }
    assert search(charlie, "secret").items == [] and search(alice, "secret for").items == []
    assert len(search(bob, "secret").items) == 1
    assert len(search(charlie, "boats").items) == 1  # of a public room


@pytest.mark.usefixtures("inside")
def test_what_was_said(bring: Bring, bob: Any) -> None:
    bring()
    by_time = {
        message.created_at.timestamp() - exports.START: message for message in said(room_of("C0GENERAL"))
    }
    text = {seconds: message.text for seconds, message in by_time.items()}
    assert text[3] == f"Hello **all** & @**Bob|p{bob.pk}**, see \\#plans *soon* \\<3"
    assert text[4] == f"Ship **it** 2\\*3\\*4 @**Bob|p{bob.pk}**👋🏼\n1. first"
    assert text[11] == "**Build 42**\n\n**passed** in [CI](<https://ci.example>)"
    assert text[12] == "> **[Alarm](<https://alarm.example>)**\n> **red**"
    assert text[13] == "*waves*"
    assert text[14] == "with a file\n\n📎 [The plan](<https://acme.slack.com/files/U0ALICE/F1/plan.txt>)"
    assert text[17] == "@here \\@crew\n```\ncode *stays* <b>\n```"
    assert text[22] == "last  words \\@alice #1 \\[x\\](y)"
    assert 1 not in text and 15 not in text and 21 not in text
    assert by_time[2].kind == "system" and by_time[3].kind == "imported"
    assert by_time[5].edited_at is not None and by_time[5].edited_at.timestamp() == exports.START + 65
    assert by_time[9].deleted_at is not None and by_time[9].text == ""
    assert by_time[18].author.name == "Fay Foreign"
    assert by_time[11].author.kind == "bot" and by_time[11].author.name == "Deployer"
    assert f'data-person="p{bob.pk}"' in by_time[3].html and "data-pinned" in by_time[3].html
    assert by_time[3].pinned_by == bob and room_of("C0GENERAL").pins == 1


@pytest.mark.usefixtures("inside")
def test_threads_reactions_and_order(bring: Bring, alice: Any, bob: Any) -> None:
    bring()
    general = room_of("C0GENERAL")
    messages = said(general)
    positions = [message.position for message in messages if message.position is not None]
    assert positions == list(range(1, general.messages + 1))
    assert [message.revision for message in messages] == list(range(1, len(messages) + 1))
    assert all(one.created_at < other.created_at for one, other in itertools.pairwise(messages))
    root = next(message for message in messages if message.text == "root of a thread")
    replies = Message.objects.filter(thread=root).order_by("thread_position")
    assert [(reply.text, reply.thread_position, reply.position is None) for reply in replies] == [
        ("a reply", 1, True),
        ("told the room too", 2, False),
        ("a late reply", 3, True),
    ]
    assert Thread.objects.get(root=root).messages == 3
    assert "thread-summary" in root.html and "🎉</span> 2" in root.html and "👍🏻" in root.html
    follows = ThreadFollow.objects.filter(thread_id=root.pk)
    assert {(one.person.name, one.read_position, one.unread) for one in follows} == {
        ("Alice", 3, False), ("Bob", 3, False), ("Eve Ström", 3, False),
    }  # fmt: skip
    assert next(message for message in messages if message.text == "reply to nothing").position


@pytest.mark.usefixtures("inside")
def test_nothing_is_unread_and_nobody_is_told(bring: Bring, alice: Any, bob: Any) -> None:
    bring()
    for person in (alice, bob):
        assert sum(state.unread + state.mentions for state in unread_of(person.pk)) == 0
    assert not Notification.objects.exists()
    assert Mention.objects.filter(person=bob, room=room_of("C0GENERAL")).count() == 1
    assert len(search(bob, "boats").items) == 1


@pytest.mark.usefixtures("inside")
def test_a_second_time_brings_nothing_twice(bring: Bring) -> None:
    bring()
    before = content()
    assert "channels that are here already" in bring()
    assert content() == before


@pytest.mark.usefixtures("inside")
def test_a_dry_run_says_what_comes_and_changes_nothing(bring: Bring) -> None:
    before = content()
    out = bring(None, "--dry-run")
    assert content() == before and not Import.objects.exists()
    for line in (
        "5 channels",
        "2 people who are here",
        "replies whose thread is not in the export",
        "(brand_new_kind)",
    ):
        assert line.removeprefix("5 ") in out, out


class _Killed(BaseException):
    """What a crash is to the code it hits."""


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("after", [0, 1, 2, 4, 6, 8])
def test_an_interrupted_import_ends_as_an_undisturbed_one(
    bring: Bring, monkeypatch: pytest.MonkeyPatch, acme: Organisation, after: int, tmp_path: Path
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    written = itertools.count()
    write = running.Writer.write

    def dying(writer: Any, items: Any, known: Any) -> None:
        write(writer, items, known)
        if next(written) == after:
            raise _Killed

    monkeypatch.setattr(running.Writer, "write", dying)
    with pytest.raises(_Killed):
        bring()
    monkeypatch.setattr(running.Writer, "write", write)
    visible = Room.objects.filter(pk__in=ImportedRoom.objects.filter(state="filling").values("room"))
    assert all(room.kind == "private" and not room.memberships.exists() for room in visible)
    assert "are here" in bring()
    assert (
        Import.objects.get().done
        == Message.objects.filter(room__in=ImportedRoom.objects.values("room")).count()
    )
    assert content() == _undisturbed(content, bring)


def test_a_killed_process_leaves_what_the_next_one_needs(
    acme: Organisation, globex: Organisation, tmp_path: Path
) -> None:
    """Killed in Acme and done again; in Globex nothing happened. Both have the same in the end."""
    exports.large(tmp_path / "export.zip", 3_000, channels=2, users=20)
    command = [sys.executable, "manage.py", "import_slack", str(tmp_path / "export.zip"), "--organisation"]
    options: dict[str, Any] = {"cwd": settings.BASE_DIR, "stdout": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([*command, acme.address], stderr=subprocess.PIPE, **options) as process:
        assert process.stderr is not None
        before = []
        for line in process.stderr:
            before.append(line)
            if " of 3,000 messages" in line:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL, "".join(before)
    with in_organisation(acme):
        assert 0 < Message.objects.count() < 3_000
    found = []
    for organisation in (acme, globex):
        subprocess.run([*command, organisation.address], check=True, stderr=subprocess.DEVNULL, **options)
        with in_organisation(organisation):
            found.append(content())
    assert found[0] == found[1]


def _undisturbed(content: Callable[[], Any], bring: Bring) -> Any:
    """The same in a fresh state: everything of the import is removed, and it is done again."""
    imported = list(ImportedRoom.objects.values_list("room_id", flat=True))
    Message.objects.filter(room_id__in=imported, thread__isnull=False).delete()
    Message.objects.filter(room_id__in=imported).delete()
    Room.objects.filter(pk__in=imported).delete()
    Import.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("delete from chat_importedperson")
    Person.objects.filter(is_placeholder=True).delete()
    bring()
    return content()


@pytest.mark.usefixtures("inside")
def test_what_another_file_began_is_thrown_away(bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    finish = running.places.finish
    monkeypatch.setattr(running.places, "finish", lambda *args: (_ for _ in ()).throw(_Killed()))
    with pytest.raises(_Killed):
        bring()
    monkeypatch.setattr(running.places, "finish", finish)
    bring(exports.small(**{"plans/2020-09-13.json": [exports.said(exports.ALICE, 50, "another plan")]}))
    assert texts(room_of("C0PLANS")) == ["another plan"]
    assert Message.objects.filter(room=room_of("C0GENERAL")).count() == 21


@pytest.mark.usefixtures("inside")
def test_only_a_proved_address_makes_somebody_who_they_were(bring: Bring, bob: Any) -> None:
    bob.emailaddress_set.update(verified=False)
    out = bring()
    secret = Membership.objects.filter(room=room_of("G0SECRET"))
    assert bob.pk not in secret.values_list("person_id", flat=True)
    assert "has not confirmed" in out and "bob@acme.example" in out
    stand_in = secret.get(person__name="Bob Okafor").person
    assert stand_in.email.endswith("@imported.invalid") and not stand_in.is_active


@pytest.mark.usefixtures("inside")
def test_somebody_of_two_workspaces_is_one_person(bring: Bring) -> None:
    bring()
    eve = Person.objects.get(email="eve@acme.example")
    bring(
        {
            "users.json": [
                exports.user("U9EVE", "Eve S.", "EVE@acme.example", team_id="T9"),
                exports.user("U9TWIN", "Eve again", "eve@acme.example", team_id="T9"),
            ],
            "channels.json": [exports.channel("C9BOATS", "boats", ["U9EVE", "U9TWIN"])],
            "boats/2020-09-13.json": [exports.said("U9EVE", 1, "Ahoy"), exports.said("U9TWIN", 2, "Me too")],
        }
    )
    authors = [message.author for message in said(room_of("C9BOATS"))]
    assert [one.pk == eve.pk for one in authors] in ([True, False], [False, True])
    assert {one.is_placeholder for one in authors} == {True}
    assert Person.objects.filter(email="eve@acme.example").count() == 1


@pytest.mark.usefixtures("inside")
def test_a_direct_message_that_exists_gets_the_past_beside_it(bring: Bring, alice: Any, bob: Any) -> None:
    from chat import rooms

    existing = rooms.open_direct(alice, [bob.pk])
    bring()
    room = room_of("D0AB")
    assert room != existing and room.kind == "private" and texts(room) == ["just us two"]
    assert set(room.memberships.values_list("person_id", flat=True)) == {alice.pk, bob.pk}


@pytest.mark.usefixtures("inside")
def test_a_message_that_is_too_long_goes_on_in_another(bring: Bring) -> None:
    long = " ".join(f"word{number}" for number in range(3_000))
    bring(exports.small(**{"plans/2020-09-13.json": [exports.said(exports.ALICE, 50, long)]}))
    parts = texts(room_of("C0PLANS"))
    assert len(parts) == 3 and " ".join(parts) == long


@pytest.mark.usefixtures("inside")
def test_what_postgres_can_not_store_stops_nothing(bring: Bring) -> None:
    """Zeros and halves of characters anywhere, and numbers that are too large."""
    odd = "a\u0000b"
    huge = {
        "id": odd, "name": odd, "mimetype": odd, "size": 10**18 * 9 + 10**18, "permalink": f"https://acme.slack.com/{odd}",
        "url_private": f"https://files.slack.com/{odd}?t=xoxe-secret",
    }  # fmt: skip
    day = [
        exports.said(odd, 1, odd, subtype=odd, files=[huge], user_profile={"real_name": odd}),
        exports.said(exports.BOB, 2, "x", reactions=[{"name": odd, "users": [odd, exports.EVE]}]),
    ]
    broken = (
        json.dumps(day).replace("\\u0000", "\\ud800").encode()[:-1]
    )  # breaks off: the other way to read it
    whole = exports.small(**{"general/2020-09-13.json": day, "general/2020-09-14.json": broken})
    assert "messages" in bring(whole)
    assert texts(room_of("C0GENERAL"))


def test_a_new_organisation(acme: Organisation, tmp_path: Path) -> None:
    path = exports.packed(exports.small(), tmp_path / "export.zip")
    words = ["--organisation", "harbour", "--new", "Harbour", "--owner", "alice@acme.example"]
    call_command("import_slack", path, *words, stdout=StringIO(), stderr=StringIO())
    organisation = Organisation.objects.get(address="harbour")
    with in_organisation(organisation):
        owner = Person.objects.get(role="owner")
        assert Membership.objects.filter(person=owner, room=room_of("D0AB")).exists()
    with in_organisation(acme):
        assert not ImportedRoom.objects.exists()


def test_the_command_says_what_is_wrong(acme: Organisation, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"PK no")
    for words in (
        [tmp_path / "missing.zip", "--organisation", acme.address],
        [tmp_path / "no.zip", "--organisation", acme.address],
        [tmp_path / "no.zip", "--organisation", "nobody-here"],
        [tmp_path / "no.zip", "--organisation", "fresh", "--new", "Fresh"],
    ):
        with pytest.raises(CommandError):
            call_command("import_slack", *words, stdout=StringIO(), stderr=StringIO())


@pytest.mark.usefixtures("inside")
def test_people_are_told_of_imported_rooms_as_of_others(bring: Bring, bob: Any) -> None:
    update_profile(bob, name=bob.name, time_zone="UTC", notify="all")
    bring()
    assert Membership.objects.get(person=bob, room=room_of("C0GENERAL")).notify == "all"
