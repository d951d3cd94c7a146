"""The whole life of files where they are kept in S3: nothing is told or left that a folder would not tell or leave."""

import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from chat import retention
from chat.changes import delete_message
from chat.files import storing
from chat.models import Attachment, Import, Message, Room
from chat.room_settings import settle_room
from chat.slack import fetching
from tenants.db import in_organisation
from tests.buckets import OwnBucket
from tests.chat import slack_exports as exports
from tests.chat.files import attachment, body, picture, post_files, upload, uploaded

Browser = Callable[[Any], Client]
RunJobs = Callable[[], None]


def test_a_picture_from_upload_to_deletion(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, mallory: Any, room: Room, bucket: OwnBucket,
    run_jobs: RunJobs,
) -> None:  # fmt: skip
    content = picture(900, 700)
    file_id = uploaded(client_of(alice), room, content, "boat.png")
    run_jobs()
    posted = post_files(alice, room, file_id)
    assert len(bucket.keys()) == 2  # the file and its thumbnail
    assert bucket.keys() == bucket.keys(f"{alice.organisation.schema_name}/files/")
    url = f"/rooms/r{room.pk}/files/{file_id}/"
    whole = client_of(bob).get(url)
    assert (whole.status_code, body(whole)) == (200, content)
    assert whole["Cache-Control"] == "private, max-age=31536000, immutable"
    part = client_of(bob).get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, body(part)) == (206, content[10:20])
    assert body(client_of(bob).get(url, headers={"Range": "bytes=-5"})) == content[-5:]
    assert body(client_of(bob).head(url)) == b""
    small = client_of(bob).get(f"{url}thumbnail.webp")
    assert small.status_code == 200 and body(small)[8:12] == b"WEBP"
    for stranger in (charlie, mallory):
        assert [client_of(stranger).get(one).status_code for one in (url, f"{url}thumbnail.webp")] == [
            404
        ] * 2
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, posted.message_id)
    run_jobs()
    assert not bucket.keys()


def test_no_page_and_no_answer_tells_of_the_bucket(
    client_of: Browser, alice: Any, room: Room, bucket: OwnBucket, run_jobs: RunJobs
) -> None:
    file_id = uploaded(client_of(alice), room, picture(), "boat.png")
    run_jobs()
    post_files(alice, room, file_id)
    for path in ("", "files/", f"files/{file_id}/", f"files/{file_id}/thumbnail.webp"):
        answer = client_of(alice).get(f"/rooms/r{room.pk}/{path}")
        told = body(answer) + str(answer.headers).encode()
        assert answer.status_code == 200
        assert bucket.name.encode() not in told and b"amz" not in told.lower()


def test_each_organisation_has_its_own_names(
    client_of: Browser, alice: Any, mallory: Any, room: Room, bucket: OwnBucket
) -> None:
    uploaded(client_of(alice), room, b"of Acme")
    with in_organisation(mallory.organisation):
        from chat import rooms

        own = rooms.create_room(mallory, name="Lair", kind=Room.Kind.PRIVATE, members=[])
        file_id = uploaded(client_of(mallory), own, b"of Globex")
        name = attachment(mallory, file_id).stored
    assert bucket.keys(mallory.organisation.schema_name) == {name}
    assert len(bucket.keys(alice.organisation.schema_name)) == 1
    assert len(bucket.keys()) == 2


def test_what_is_refused_or_fails_leaves_nothing(
    client_of: Browser, alice: Any, room: Room, bucket: OwnBucket, settings: Any
) -> None:
    settings.FILE_QUOTA = 10
    assert upload(client_of(alice), room, b"x" * 11).json()["error"]["code"] == "quota"
    bucket.client.delete_bucket(Bucket=bucket.name)  # fails because nothing may be in it
    with pytest.raises(OSError):
        upload(client_of(alice), room, b"x")
    with in_organisation(alice.organisation):
        assert not Attachment.objects.exists()


def test_a_large_file_goes_in_parts_and_comes_back_whole(
    client_of: Browser, alice: Any, room: Room, bucket: OwnBucket
) -> None:
    content = os.urandom(9 * 1024 * 1024)
    file_id = uploaded(client_of(alice), room, content)
    url = f"/rooms/r{room.pk}/files/{file_id}/"
    assert body(client_of(alice).get(url)) == content
    middle = client_of(alice).get(
        url, headers={"Range": f"bytes={8 * 1024 * 1024 - 5}-{8 * 1024 * 1024 + 4}"}
    )
    assert body(middle) == content[8 * 1024 * 1024 - 5 : 8 * 1024 * 1024 + 5]
    assert not bucket.client.list_multipart_uploads(Bucket=bucket.name).get("Uploads")


def test_what_is_too_old_leaves_the_bucket(
    client_of: Browser, alice: Any, room: Room, bucket: OwnBucket, run_jobs: RunJobs
) -> None:
    old = post_files(alice, room, uploaded(client_of(alice), room, picture()))
    post_files(alice, room, uploaded(client_of(alice), room, b"new"))
    run_jobs()
    with in_organisation(alice.organisation):
        message = Message.objects.get(pk=old.message_id)
        Message.objects.filter(pk=message.pk).update(created_at=message.created_at - timedelta(days=9))
        settle_room(alice, room.pk, retention_days=7)
        assert not retention.forget_some(room.pk)
        kept = set(Attachment.objects.values_list("file", flat=True))
    run_jobs()
    assert bucket.keys() == kept and len(kept) == 1


def test_a_file_that_is_gone_is_not_found(
    client_of: Browser, alice: Any, room: Room, bucket: OwnBucket
) -> None:
    file_id = uploaded(client_of(alice), room, b"here")
    storing.delete([attachment(alice, file_id).stored])
    url = f"/rooms/r{room.pk}/files/{file_id}/"
    assert client_of(alice).get(url).status_code == client_of(alice).head(url).status_code == 404


@pytest.mark.usefixtures("bob")
def test_an_export_is_read_where_it_lies(
    alice: Any, client_of: Browser, bucket: OwnBucket, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "fetch_next", lambda import_id: False)
    export = ContentFile(exports.packed(exports.small()).getvalue(), "export.zip")  # type: ignore[union-attr]
    page = client_of(alice).post("/organisation/imports/", {"file": export})["Location"]
    assert len(bucket.keys(f"{alice.organisation.schema_name}/imports/")) == 1
    run_jobs()
    client_of(alice).post(page, {"do": "begin"})
    run_jobs()
    with in_organisation(alice.organisation):
        assert Import.objects.get().state == Import.State.DONE
    assert not bucket.keys()


def test_a_file_is_read_from_anywhere_without_fetching_all_of_it(bucket: OwnBucket, tmp_path: Any) -> None:
    packed = tmp_path / "a.zip"
    parts = {f"{number}.bin": os.urandom(700_000) for number in range(6)}
    with zipfile.ZipFile(packed, "w") as writing:
        for name, content in parts.items():
            writing.writestr(name, content)
    default_storage.save("a.zip", ContentFile(packed.read_bytes()))
    with default_storage.open("a.zip") as file, zipfile.ZipFile(file) as reading:
        for name in ("5.bin", "0.bin", "1.bin", "3.bin"):
            assert reading.read(name) == parts[name]
        assert file.size == packed.stat().st_size
    with pytest.raises(FileNotFoundError):
        default_storage.open("b.zip")
    with pytest.raises(FileNotFoundError):
        default_storage.size("b.zip")
