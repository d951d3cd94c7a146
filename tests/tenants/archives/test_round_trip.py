"""What was backed up comes back as it was, here and elsewhere, with a new epoch and with nobody else touched."""

import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts.models import Person
from chat.messages import post_messages
from chat.models import Attachment, Message
from chat.posts import Post
from tenants import hosts, schemas
from tenants.archives import reading, tables
from tenants.db import as_owner, in_organisation, leave
from tenants.events import UNAVAILABLE
from tenants.models import Domain, Organisation, ReleasedAddress
from tests.events import Published
from tests.tenants.archives.belongings import Belongings, traces_of
from tests.tenants.archives.conftest import Command, Full
from tests.tenants.test_provisioning import catalogue


def test_an_organisation_comes_back_as_it_was(
    full: Full, acme: Organisation, archive: Path, run: Command, say: Any
) -> None:
    before, neighbour = Belongings.of(full.organisation), Belongings.of(acme)
    say(full.alice, full.room, "written after the backup")
    default_storage.save(f"{full.organisation.schema_name}/pictures/later.webp", ContentFile(b"later"))
    with in_organisation(full.organisation):
        Person.objects.filter(pk=full.alice.pk).update(name="Somebody else", picture="")
    run("restore", archive, "--fast")
    after = Belongings.of(full.organisation)
    assert catalogue(full.organisation) == catalogue(acme)
    assert after.registry.pop("epoch") != before.registry.pop("epoch")
    assert after == before
    assert Belongings.of(acme) == neighbour


def test_talk_goes_on_where_the_archive_ended(full: Full, archive: Path, run: Command, say: Any) -> None:
    say(full.alice, full.room, "written after the backup")
    run("restore", archive, "--fast")
    with in_organisation(full.organisation):  # as the organisation's own role
        last = Message.objects.filter(room=full.room).order_by("-position").first()
        posted = say(full.alice, full.room, "written after the restore")
        assert posted.position == last.position + 1
        assert not Message.objects.filter(text="written after the backup").exists()
    assert traces_of(f"{full.organisation.schema_name}_new")["schemas"] == 0


def test_an_erased_organisation_comes_back_to_its_address(
    full: Full, archive: Path, run: Command, client_of: Any
) -> None:
    Domain.objects.create(
        domain="chat.initech.example", tenant=full.organisation, is_primary=False, verified_at=timezone.now()
    )
    path = archive.with_name("with-a-domain")
    run("backup", "initech", path, "--fast")
    before = Belongings.of(full.organisation)
    run("erase", "initech", "--confirm", "initech")
    assert not any(traces_of(full.organisation.schema_name).values())
    run("restore", path, "--fast")
    after = Belongings.of(full.organisation)
    for changed in ("epoch", "id"):
        assert after.registry.pop(changed) != before.registry.pop(changed)
    assert after == before
    assert not ReleasedAddress.objects.filter(address="initech").exists()
    assert client_of(Organisation.objects.get(address="initech")).get("/accounts/login/").status_code == 200


def test_an_archive_goes_to_another_address_beside_its_organisation(
    full: Full, archive: Path, run: Command, bob: Any
) -> None:
    before = Belongings.of(full.organisation)
    run("restore", archive, "--address", "second", "--fast")
    assert Belongings.of(full.organisation) == before
    second = Organisation.objects.get(address="second")
    copied = Belongings.of(second)
    assert copied.stored == before.stored and copied.sequences == before.sequences
    assert {name for name, rows in copied.rows.items() if rows != before.rows[name]} == {
        "accounts_person",
        "chat_attachment",
    }
    with in_organisation(second):
        picture = Person.objects.get(pk=full.bob.pk).picture.name
        attachment = Attachment.objects.get()
    assert picture.startswith(f"{second.schema_name}/") and default_storage.exists(picture)
    for name in (attachment.file.name, attachment.thumbnail.name):
        assert name.startswith(f"{second.schema_name}/") and default_storage.exists(name)
    assert full.organisation.schema_name not in _everything(second)


def test_a_clone_is_signed_in_to_by_nobody(full: Full, acme: Organisation, run: Command, say: Any) -> None:
    before, neighbour = Belongings.of(full.organisation), Belongings.of(acme)
    assert before.rows["django_session"][0]
    run("clone", "initech", "initech-copy", "--fast")
    assert Belongings.of(full.organisation) == before and Belongings.of(acme) == neighbour
    copy = Organisation.objects.get(address="initech-copy")
    assert copy.epoch != full.organisation.epoch and copy.name == full.organisation.name
    copied = Belongings.of(copy)
    assert copied.rows["django_session"][0] == copied.rows["usersessions_usersession"][0] == 0
    assert copied.rows["chat_message"] == before.rows["chat_message"]
    assert full.organisation.schema_name not in _everything(copy)
    with in_organisation(copy):
        (posted,) = post_messages(
            [Post(full.alice.pk, full.room.pk, "5b0d4d6c-8a5f-4ac5-9b4e-2b6d5a1d9f10", "here")]
        )
        assert posted.position == 7
    assert Belongings.of(full.organisation) == before


def test_a_restore_closes_the_doors_for_the_moment(
    full: Full, archive: Path, run: Command, published: Published
) -> None:
    hosts.look_up("initech.localhost")
    run("restore", archive, "--fast")
    closed = [
        envelope
        for schema, envelope in published()
        if schema == full.organisation.schema_name and envelope.close
    ]
    assert [envelope.close for envelope in closed] == [UNAVAILABLE]
    assert hosts.cached("initech.localhost") is hosts.Answer.ASK
    assert Organisation.objects.get(pk=full.organisation.pk).state == Organisation.State.ACTIVE


def test_a_suspended_organisation_stays_suspended(full: Full, archive: Path, run: Command) -> None:
    Organisation.objects.filter(pk=full.organisation.pk).update(state=Organisation.State.SUSPENDED)
    assert "suspended" in run("restore", archive, "--fast")
    assert Organisation.objects.get(pk=full.organisation.pk).state == Organisation.State.SUSPENDED


def test_an_older_archive_is_migrated(full: Full, run: Command, tmp_path: Path) -> None:
    """The archive's schema lacks the last migration of notifications, which made its only table."""
    with in_organisation(full.organisation), as_owner(), connection.cursor() as cursor:
        cursor.execute("drop table notifications_notification")
        cursor.execute("delete from django_migrations where app = 'notifications'")
    run("backup", "initech", tmp_path / "older", "--fast")
    before = Belongings.of(full.organisation)
    run("restore", tmp_path / "older", "--fast")
    after = Belongings.of(full.organisation)
    assert after.rows.pop("notifications_notification")[0] == 0
    assert after.rows == before.rows
    assert Organisation.objects.get(pk=full.organisation.pk).schema_version == schemas.code_version()
    with in_organisation(full.organisation), connection.cursor() as cursor:
        cursor.execute("select count(*) from django_migrations where app = 'notifications'")
        assert cursor.fetchone() != (0,)


def test_an_archive_is_private_whole_and_read_by_anybodys_tar(unpacked: Path, archive: Path) -> None:

    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert [path.name for path in archive.parent.iterdir() if path.name.endswith(".part")] == []
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=unpacked, check=True)
    subprocess.run(["gzip", "--test", *unpacked.glob("tables/*.gz")], check=True)


def test_a_backup_shows_one_moment(
    full: Full, run: Command, tmp_path: Path, say: Any, monkeypatch: Any
) -> None:
    """Somebody posts between two tables: neither the room's count nor the message is in the archive."""
    before = Belongings.of(full.organisation)
    copy_out, said = tables.copy_out, []

    def slowly(table: str, *rest: Any) -> tuple[int, int]:
        if table == "chat_message":
            said.append(_elsewhere(lambda: say(full.alice, full.room, "between two tables")))
        return copy_out(table, *rest)

    monkeypatch.setattr(tables, "copy_out", slowly)
    run("backup", "initech", tmp_path / "archive")
    assert said
    run("restore", tmp_path / "archive", "--fast")
    assert Belongings.of(full.organisation).rows == before.rows


def test_big_tables_go_in_many_steps(full: Full, run: Command, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(tables, "_BLOCKS", 1)
    monkeypatch.setattr(reading, "CHUNK", 100)
    with in_organisation(full.organisation):
        Person.objects.bulk_create(
            Person(email=f"{n}@x.example", name=f"N{n} " + "ü" * 60) for n in range(500)
        )
    before = Belongings.of(full.organisation)
    run("backup", "initech", tmp_path / "archive", "--fast")
    run("restore", tmp_path / "archive", "--fast")
    assert Belongings.of(full.organisation).rows == before.rows


def _everything(organisation: Organisation) -> str:
    """All rows of all tables, as text."""
    with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'select line::text from "{table}" line')
            found += [line for (line,) in cursor.fetchall()]
    return "\n".join(found)


def _elsewhere(function: Callable[[], Any]) -> Any:
    """What `function` returns, called on another thread and so on another connection."""

    def call() -> Any:
        try:
            return function()
        finally:
            leave()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()
