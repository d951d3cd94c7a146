"""What is damaged, newer, foreign or made to do harm is refused, with a word on what to do, and nothing has changed."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError

from tenants.models import Organisation
from tests.tenants.archives.belongings import Belongings, traces_of
from tests.tenants.archives.conftest import Command, Full

type Change = Callable[[Path], None]


@pytest.fixture
def untouched(full: Full, acme: Organisation, archive: Path) -> Iterator[None]:
    """What these tests must leave as it was: the organisation, its neighbour, and no trace beside them. A file that the
    archive has is there no more, so that one which is put back is seen.
    """
    full.drop_a_picture()
    before = Belongings.of(full.organisation), Belongings.of(acme), _registry()
    yield
    assert (Belongings.of(full.organisation), Belongings.of(acme), _registry()) == before
    assert traces_of(full.organisation.schema_name)["schemas"] == 1
    assert default_storage.listdir("restoring")[0] == [] if default_storage.exists("restoring") else True


def _registry() -> list[Any]:
    return list(
        Organisation.objects.exclude(state=Organisation.State.SPARE).order_by("pk").values_list("schema_name")
    )


def _cut(path: Path, size: int) -> None:
    os.truncate(path, size if size >= 0 else path.stat().st_size + size)


def _flip(member: str) -> Change:
    def change(path: Path) -> None:
        with tarfile.open(path) as tar:
            info = tar.getmember(member)
        with path.open("r+b") as file:
            file.seek(info.offset_data + info.size // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))

    return change


BROKEN: dict[str, tuple[Change, str]] = {
    "empty": (lambda path: _cut(path, 0), "no whole tar"),
    "text": (lambda path: path.write_text("Dear operator, " * 1000) and None, "no whole tar"),
    "compressed as a whole": (
        lambda path: path.write_bytes(gzip.compress(path.read_bytes())) and None,
        "no whole tar",
    ),
    "half of it": (lambda path: _cut(path, path.stat().st_size // 2), "no whole tar|no manifest"),
    "without its end": (lambda path: _cut(path, -2048), "damaged"),
    "a flipped bit in the rows": (_flip("tables/chat_message.copy.gz"), "checksum"),
    "a flipped bit in the manifest": (_flip("manifest.json"), "checksum|can't be read|damaged"),
    "a flipped bit in the sums": (_flip("SHA256SUMS"), "damaged"),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("how", BROKEN)
def test_a_damaged_archive_is_refused(archive: Path, run: Command, how: str) -> None:
    change, says = BROKEN[how]
    change(archive)
    with pytest.raises(CommandError, match=says):
        run("restore", archive, "--fast")


def _manifest(**fields: Any) -> Change:
    def change(folder: Path) -> None:
        _rewrite(folder, lambda found: found.update(fields))

    return change


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    found = json.loads((folder / "manifest.json").read_text())
    change(found)
    (folder / "manifest.json").write_text(json.dumps(found))


def _table(name: str, /, **fields: Any) -> Change:
    def change(found: dict[str, Any]) -> None:
        next(table for table in found["tables"] if table["name"] == name).update(fields)

    return lambda folder: _rewrite(folder, change)


def _newer_migration(folder: Path) -> None:
    _rewrite(folder, lambda found: found["migrations"].append("chat.9999_telepathy"))


def _file(field: str, value: Any) -> Change:
    return lambda folder: _rewrite(folder, lambda found: found["files"][0].update({field: value}))


def _rows(name: str, change: Callable[[bytes], bytes]) -> Change:
    """Rows that were changed by somebody who has counted and summed them again."""

    def rewrite(folder: Path) -> None:
        member = folder / f"tables/{name}.copy.gz"
        rows = change(gzip.decompress(member.read_bytes()))
        member.write_bytes(gzip.compress(rows))
        _table(name, rows=rows.count(b"\n"), bytes=len(rows))(folder)

    return rewrite


def _without_table(folder: Path) -> None:
    (folder / "tables/notifications_notification.copy.gz").unlink()
    keep = lambda found: [one for one in found if one["name"] != "notifications_notification"]  # noqa: E731
    _rewrite(folder, lambda found: found.update(tables=keep(found["tables"])))


FOREIGN: dict[str, tuple[Change, str]] = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "no manifest"),
    "another programme's": (_manifest(program="zulip"), "another programme"),
    "a newer format": (_manifest(format=2), "format 2.*newer"),
    "a newer migration": (_newer_migration, "chat.9999_telepathy.*Upgrade"),
    "no organisation": (_manifest(organisation=None), "can't be read"),
    "a schema that is none of ours": (
        lambda folder: _rewrite(folder, lambda found: found["organisation"].update(schema_name="public")),
        "can't be read",
    ),
    "a table that is none": (_table("chat_message", name='x"; drop schema public'), "can't be read"),
    "a table less": (_without_table, "not those of its migrations"),
    "other columns": (_table("chat_message", columns=["id"]), "not those of its migrations"),
    "more rows than there are": (_table("chat_message", rows=1_000_000), "number of rows"),
    "fewer bytes than there are": (_table("chat_message", bytes=10), "another size"),
    "more bytes than there are": (_table("chat_message", bytes=1_000_000_000_000), "another size"),
    "a file of another size": (_file("bytes", 5), "another size"),
    "a file that climbs out": (_file("name", "../../evil"), "not made by Parley"),
    "a file with a root": (_file("name", "/etc/passwd"), "not made by Parley"),
    "a file that is not there": (_file("name", "pictures/other.webp"), "Members are missing"),
    "a member more": (lambda folder: (folder / "more").write_text("more") and None, "does not name"),
    "a message of nobody": (_rows("accounts_person", lambda rows: b""), "do not fit"),
    "a row that is none": (_rows("chat_room", lambda rows: b"one\ttwo\n"), "do not fit"),
    "two of the same": (_rows("chat_room", lambda rows: rows + rows), "do not fit"),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("how", FOREIGN)
def test_an_archive_that_was_made_by_others_is_refused(
    unpacked: Path, tmp_path: Path, run: Command, how: str
) -> None:
    change, says = FOREIGN[how]
    change(unpacked)
    with pytest.raises(CommandError, match=says):
        run("restore", _packed(unpacked, tmp_path / "foreign"), "--fast")


MEMBERS: dict[str, Callable[[], tarfile.TarInfo]] = {}


def _member(function: Callable[[], tarfile.TarInfo]) -> Callable[[], tarfile.TarInfo]:
    MEMBERS[function.__name__.removeprefix("_")] = function
    return function


@_member
def _a_way_out() -> tarfile.TarInfo:
    return tarfile.TarInfo("files/../../evil")


@_member
def _a_root() -> tarfile.TarInfo:
    return tarfile.TarInfo("/etc/cron.d/evil")


@_member
def _a_link() -> tarfile.TarInfo:
    info = tarfile.TarInfo("files/link")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


@_member
def _a_device() -> tarfile.TarInfo:
    info = tarfile.TarInfo("files/zero")
    info.type, info.devmajor, info.devminor = tarfile.CHRTYPE, 1, 5
    return info


@_member
def _the_manifest_again() -> tarfile.TarInfo:
    return tarfile.TarInfo("manifest.json")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("which", MEMBERS)
def test_a_member_that_is_no_plain_file_is_refused(archive: Path, run: Command, which: str) -> None:
    with tarfile.open(archive, "a") as tar:
        tar.addfile(MEMBERS[which](), io.BytesIO())
    with pytest.raises(CommandError, match="foreign"):
        run("restore", archive, "--fast")


@pytest.mark.usefixtures("untouched")
def test_a_bomb_is_refused_before_it_is_unpacked(unpacked: Path, tmp_path: Path, run: Command) -> None:
    """A gibibyte of rows in a megabyte, and the manifest tells of a hundred bytes."""
    bomb = unpacked / "tables/chat_message.copy.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        for _ in range(64):
            file.write(b"\n" * 2**24)
    _table("chat_message", rows=1, bytes=100)(unpacked)
    with pytest.raises(CommandError, match="another size"):
        run("restore", _packed(unpacked, tmp_path / "bomb"), "--fast")


@pytest.mark.usefixtures("untouched")
def test_an_archive_that_is_not_there_is_refused(tmp_path: Path, run: Command) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run("restore", tmp_path / "nothing")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("address", ["acme", "acrne", "admin", "login", "-x-", "ab"])
def test_an_address_that_can_not_be_had_is_refused(archive: Path, run: Command, address: str) -> None:
    with pytest.raises(CommandError, match="--address"):
        run("restore", archive, "--address", address, "--fast")


def test_a_taken_address_is_refused_and_another_one_helps(
    full: Full, acme: Organisation, archive: Path, unpacked: Path, tmp_path: Path, run: Command
) -> None:
    """An archive from elsewhere whose organisation has the address of one that is here."""
    _rewrite(
        unpacked, lambda found: found["organisation"].update(address="acme", schema_name="org_" + "0" * 16)
    )
    path = _packed(unpacked, tmp_path / "from-elsewhere")
    before = Belongings.of(acme)
    with pytest.raises(CommandError, match="--address"):
        run("restore", path, "--fast")
    assert Belongings.of(acme) == before
    run("restore", path, "--address", "elsewhere", "--fast")
    assert Organisation.objects.get(address="elsewhere").schema_name == "org_" + "0" * 16
    assert Belongings.of(acme) == before


def test_nobody_becomes_operator_by_an_archive(unpacked: Path, tmp_path: Path, run: Command) -> None:
    _rewrite(
        unpacked, lambda found: found["organisation"].update(address="admin", schema_name="org_" + "0" * 16)
    )
    path = _packed(unpacked, tmp_path / "operators")
    with pytest.raises(CommandError, match="reserved"):
        run("restore", path, "--fast")
    assert not Organisation.objects.filter(address="admin").exists()


def test_a_backup_never_overwrites(full: Full, archive: Path, run: Command) -> None:
    before = hashlib.sha256(archive.read_bytes()).digest()
    with pytest.raises(CommandError, match="exists already"):
        run("backup", "initech", archive)
    assert hashlib.sha256(archive.read_bytes()).digest() == before


def test_a_backup_that_fails_leaves_no_file(full: Full, run: Command, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no organisation"):
        run("backup", "nobody-here", tmp_path / "archive")
    with pytest.raises(CommandError, match="No such file"):
        run("backup", "initech", tmp_path / "no-folder" / "archive")
    assert list(tmp_path.iterdir()) == []


def _packed(folder: Path, path: Path) -> Path:
    """The members of `folder` as an archive with right sums: what somebody who knows the format would make."""
    names = sorted(
        one.relative_to(folder).as_posix()
        for one in folder.rglob("*")
        if one.is_file() and one.name != "SHA256SUMS"
    )
    sums = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text(sums)
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name in [*names, "SHA256SUMS"]:
            tar.add(folder / name, name)
    shutil.rmtree(folder)
    return path
