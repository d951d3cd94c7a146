"""Importing by the administrators' pages and the worker: upload, report, progress, stop and go on, files."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context

from accounts.encryption import decrypt, encrypt
from chat.models import Attachment, Import, ImportedFile, ImportedRoom, Message, Room
from chat.slack import fetching, uploads, working
from chat.slack.jobs import fetch_files, look_for_stalled
from tenants.db import in_organisation
from tenants.jobs import enqueue
from tenants.models import Organisation
from tests.chat import slack_exports as exports
from tests.events import Published
from tests.tenants.test_outgoing import Running, serving

Jobs = Callable[[], None]


def upload(browser: Client, files: dict[str, Any] | None = None, content: bytes = b"") -> Any:
    content = content or exports.packed(files or exports.small()).getvalue()  # type: ignore[union-attr]
    return browser.post("/organisation/imports/", {"file": SimpleUploadedFile("acme export.zip", content)})


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked of the internet."""
    monkeypatch.setattr(fetching, "fetch_next", lambda import_id: False)


@pytest.mark.usefixtures("no_files", "bob")
def test_from_upload_to_the_rooms(
    alice: Any, client_of: Any, run_jobs: Jobs, acme: Organisation, published: Published
) -> None:
    browser = client_of(alice)
    page = upload(browser)["Location"]
    assert "Being checked" in browser.get(page).content.decode()
    run_jobs()
    report = browser.get(page).content.decode()
    assert "Ready to begin" in report and "replies whose thread is not in the export" in report
    assert "2 people are here" in report and "gets another name" in report and "xoxe" not in report
    with in_organisation(acme):
        assert not ImportedRoom.objects.exists()
    browser.post(page, {"do": "begin"})
    part = browser.get(page, headers={"hx-request": "true"})
    assert "Being imported" in part.content.decode() and "<html" not in part.content.decode()
    run_jobs()
    assert browser.get(page, headers={"hx-request": "true"})["HX-Refresh"] == "true"
    with in_organisation(acme):
        found = Import.objects.get()
        assert (found.state, found.file.name, found.done) == ("done", "", found.total)
        general = ImportedRoom.objects.get(channel="C0GENERAL").room
    assert f"{found.total} messages are here" in browser.get(page).content.decode() and found.total == 25
    assert browser.get(f"/rooms/r{general.pk}/").status_code == 200
    assert any(b'"rooms"' in (envelope.frame or b"") for _, envelope in published())
    assert not default_storage.listdir(f"{acme.schema_name}/imports")[1]


@pytest.mark.usefixtures("no_files", "bob")
def test_stop_and_go_on(
    alice: Any, client_of: Any, run_jobs: Jobs, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client_of(alice)
    page = upload(browser)["Location"]
    run_jobs()
    browser.post(page, {"do": "begin"})
    browser.post(page, {"do": "cancel"})
    run_jobs()
    assert "Stopped" in browser.get(page).content.decode()
    with in_organisation(acme):
        assert not ImportedRoom.objects.exists()
    monkeypatch.setattr(working, "SLICE", 0.0)  # each slice does one piece
    browser.post(page, {"do": "begin"})
    run_jobs()
    with in_organisation(acme):
        assert ImportedRoom.objects.filter(state="done").count() == 5
        assert Import.objects.get().state == "done"


@pytest.mark.usefixtures("no_files", "bob")
def test_a_discarded_export_leaves_nothing_behind(
    alice: Any, client_of: Any, run_jobs: Jobs, acme: Organisation
) -> None:
    browser = client_of(alice)
    page = upload(browser)["Location"]
    run_jobs()
    browser.post(page, {"do": "discard"})
    run_jobs()
    with in_organisation(acme):
        assert Import.objects.get().state == "discarded" and Room.objects.count() == 1
    browser.post(page, {"do": "begin"})
    run_jobs()
    with in_organisation(acme):
        assert Import.objects.get().state == "discarded"
    assert not default_storage.listdir(f"{acme.schema_name}/imports")[1]


@pytest.mark.parametrize("content", [b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_export(alice: Any, client_of: Any, run_jobs: Jobs, content: bytes) -> None:
    browser = client_of(alice)
    answer = upload(browser, content=content)
    if answer.status_code == 302:
        run_jobs()
        assert "Refused" in browser.get(answer["Location"]).content.decode()
    else:
        assert answer.status_code == 422 and "no zip file" in answer.content.decode()
    assert browser.post("/organisation/imports/").status_code == 422


def test_who_may(alice: Any, bob: Any, dana: Any, mallory: Any, client_of: Any, run_jobs: Jobs) -> None:
    page = upload(client_of(alice))["Location"]
    run_jobs()
    for person in (bob, dana, mallory):
        assert client_of(person).get(page).status_code == 404
        assert client_of(person).post(page, {"do": "begin"}).status_code == 404
    for person in (bob, dana):
        assert client_of(person).get("/organisation/imports/").status_code == 404
        assert upload(client_of(person)).status_code == 404
    listed = client_of(mallory).get("/organisation/imports/")
    assert listed.status_code == 200 and "acme export" not in listed.content.decode()


def test_somebody_of_the_export_is_invited_and_is_who_they_were(
    alice: Any, bob: Any, client_of: Any, run_jobs: Jobs, acme: Organisation, no_files: None
) -> None:
    browser = client_of(alice)
    page = upload(browser)["Location"]
    run_jobs()
    browser.post(page, {"do": "begin"})
    run_jobs()
    by_link = browser.post("/invitations/links/", {"role": "member", "days": "7"}).content.decode()
    link = re.search(r"/join/[\w-]+/", by_link)
    assert link
    new = {"name": "Eve", "email": "eve@acme.example", "password": "correct horse battery staple"}
    assert client_of(acme).post(link[0], new).status_code == 409  # a link proves no address
    browser.post("/invitations/", {"emails": "eve@acme.example", "role": "member"})
    run_jobs()
    eve = client_of(acme)
    token = re.search(r"/join/[\w-]+/", str(mail.outbox[-1].body))
    assert token
    assert eve.post(token[0], new).status_code == 302
    with in_organisation(acme):
        secret = ImportedRoom.objects.get(channel="G0SECRET").room
        plans = ImportedRoom.objects.get(channel="D0AB").room
    assert eve.get(f"/rooms/r{secret.pk}/").status_code == 200
    assert eve.get(f"/rooms/r{plans.pk}/").status_code == 404


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A server that stands for files.slack.com."""
    with serving() as running:
        running.names["files.slack.com"] = ["127.0.0.1"]
        fetch_next = fetching.fetch_next
        monkeypatch.setattr(fetching, "fetch_next", lambda import_id: fetch_next(import_id, running.outside))
        yield running


@pytest.fixture
def linked(
    alice: Any, bob: Any, client_of: Any, run_jobs: Jobs, acme: Organisation, slack: Running
) -> Callable[[str], None]:
    """`linked(url)`: an import whose one file is at `url`; the worker has been asked to fetch it."""

    def do(url: str) -> None:
        browser = client_of(alice)
        page = upload(browser)["Location"]
        run_jobs()
        browser.post(page, {"do": "begin"})
        whole = fetching.fetch_next

        def first(import_id: int) -> bool:
            stored = ImportedFile.objects.filter(imported_by_id=import_id)
            for row in stored:
                assert "xoxe-secret" in decrypt(row.address) and "xoxe" not in row.address
            stored.update(address=encrypt(url))
            fetching.fetch_next = whole
            return whole(import_id)

        fetching.fetch_next = first
        run_jobs()

    return do


def the_message(organisation: Organisation) -> Message:
    with in_organisation(organisation):
        assert not ImportedFile.objects.exists()
        return Message.objects.get(text__startswith="with a file")


def test_a_file_takes_the_place_of_its_link(linked: Any, slack: Running, acme: Organisation) -> None:
    slack.pages["/plan"] = lambda one: one.answer(b"the whole plan", "text/plain")
    linked(slack.url("/plan", host="files.slack.com"))
    message = the_message(acme)
    assert message.text == "with a file" and "the whole plan" in message.html
    with in_organisation(acme):
        attachment = Attachment.objects.get(message=message)
        assert (attachment.name, attachment.kind, attachment.state) == ("plan.txt", "text", "ready")


def test_a_sign_in_page_is_no_file(linked: Any, slack: Running, acme: Organisation) -> None:
    slack.pages["/plan"] = lambda one: one.answer(b"<html>sign in", "text/html")
    linked(slack.url("/plan", host="files.slack.com"))
    assert "📎 [The plan]" in the_message(acme).text


def test_other_hosts_are_not_asked(linked: Any, slack: Running, acme: Organisation) -> None:
    slack.pages["/away"] = lambda one: one.answer(b"", status=302, Location="http://evil.example/plan")
    linked(slack.url("/away", host="files.slack.com"))
    assert "📎 [The plan]" in the_message(acme).text
    assert {path for path, _ in slack.asked} == {"/away"} and slack.looked_up == ["files.slack.com"] * 2


@pytest.fixture
def imported(
    alice: Any, bob: Any, client_of: Any, acme: Organisation, run_jobs: Jobs, slack: Running
) -> Iterator[Import]:
    """An import whose messages are here, and whose one file waits. Inside Acme."""
    upload(client_of(alice))
    run_jobs()
    slack.pages["/plan"] = lambda one: one.answer(b"the whole plan", "text/plain")
    with in_organisation(acme):
        (running,) = Import.objects.all()
        uploads.begin(alice, running.pk)
        while not working.go_on(running.pk):
            pass
        ImportedFile.objects.update(address=encrypt(slack.url("/plan", host="files.slack.com")))
        yield running


def test_files_of_what_was_deleted_are_not_fetched(imported: Import, slack: Running) -> None:
    row = ImportedFile.objects.select_related("message").get()
    Message.objects.filter(pk=row.message_id).update(deleted_at=timezone.now())
    assert not fetching.fetch_next(imported.pk)
    assert not slack.asked and not ImportedFile.objects.exists()


def test_what_is_deleted_while_its_file_comes_is_not_asked_for_again(
    imported: Import, slack: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fetching._body

    def slowly(row: ImportedFile, outside: Any) -> bytes:
        content = whole(row, outside)
        Message.objects.filter(pk=row.message_id).update(deleted_at=timezone.now())
        return content

    monkeypatch.setattr(fetching, "_body", slowly)
    assert fetching.fetch_next(imported.pk) and not fetching.fetch_next(imported.pk)
    assert [path for path, _ in slack.asked] == ["/plan"]
    assert not Attachment.objects.filter(message__isnull=False).exists()


def test_of_half_a_room_nothing_is_fetched(imported: Import, slack: Running) -> None:
    """Somebody stopped the import: the files come once it goes on."""
    waits = ImportedRoom.objects.filter(room=ImportedFile.objects.get().message.room_id)
    waits.update(state=ImportedRoom.State.FILLING)
    assert not fetching.fetch_next(imported.pk) and not slack.asked
    waits.update(state=ImportedRoom.State.DONE)
    assert fetching.fetch_next(imported.pk) and len(slack.asked) == 1


def jobs_are_lost() -> None:
    with schema_context("public"), connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def test_files_of_which_no_job_is_left_still_come(
    imported: Import, slack: Running, run_jobs: Jobs, acme: Organisation
) -> None:
    jobs_are_lost()
    with schema_context("public"):
        for _ in range(2):  # a second look changes nothing
            look_for_stalled()
            run_jobs()
    assert [path for path, _ in slack.asked] == ["/plan"]
    assert "the whole plan" in the_message(acme).html


@pytest.mark.usefixtures("no_files", "bob")
def test_an_import_of_which_no_job_is_left_goes_on(
    alice: Any, client_of: Any, run_jobs: Jobs, acme: Organisation
) -> None:
    browser = client_of(alice)
    page = upload(browser)["Location"]
    for state in ("ready", "done"):
        jobs_are_lost()
        look_for_stalled()
        run_jobs()
        with in_organisation(acme):
            assert Import.objects.get().state == state
        browser.post(page, {"do": "begin"})


def test_two_chains_become_one(imported: Import, run_jobs: Jobs) -> None:
    def waiting() -> int:
        with schema_context("public"), connection.cursor() as cursor:
            cursor.execute("select count(*) from procrastinate_jobs where status = 'todo'")
            return cursor.fetchone()[0]

    jobs_are_lost()
    for _ in range(2):
        enqueue(fetch_files, once=f"{imported.pk}", import_id=imported.pk)
    assert waiting() == 1
