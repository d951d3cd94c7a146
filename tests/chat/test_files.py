"""Files: uploading, posting, having them, and that nothing stays of what was given up."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from accounts.organisation_settings import change_settings
from chat import rooms
from chat.changes import delete_message
from chat.messages import post_messages
from chat.models import Attachment, Message, Room
from chat.posts import Post, Posted, Refused
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tests.chat.files import PDF, attachment, body, bomb, picture, post_files, stored, upload, uploaded
from tests.chat.pages import queries

Browser = Callable[[Any], Client]
RunJobs = Callable[[], None]
Say = Callable[..., Posted]


def html_of(person: Any, posted: Posted) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=posted.message_id).html


def try_to_post(person: Any, room: Room, *numbers: int, client_id: uuid.UUID | None = None) -> Any:
    with in_organisation(person.organisation):
        return post_messages([Post(person.pk, room.pk, client_id or uuid.uuid4(), "", numbers)])[0]


def test_a_file_comes_back_as_it_was_sent(client_of: Browser, alice: Any, bob: Any, room: Room) -> None:
    file_id = uploaded(client_of(alice), room, b"\0\1\2 anything", "plans.bin")
    posted = post_files(alice, room, file_id)
    answer = client_of(bob).get(f"/rooms/r{room.pk}/files/{file_id}/")
    assert body(answer) == b"\0\1\2 anything"
    assert answer["Content-Disposition"] == 'attachment; filename="plans.bin"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert f'data-file="{file_id}"' in html_of(alice, posted)
    assert "plans.bin" in html_of(alice, posted)


@pytest.mark.parametrize(
    ("content", "name", "kind", "content_type"),
    [
        (picture(), "a.txt", "image", "image/png"),
        (picture(kind="JPEG"), "b", "image", "image/jpeg"),
        (picture(kind="WEBP"), "b.webp", "image", "image/webp"),
        (picture(kind="GIF"), "b.gif", "image", "image/gif"),
        (b"print('hello')\n", "a.png", "text", "text/plain"),
        (b"<svg onload='alert(1)'/>", "a.svg", "text", "text/plain"),
        (b"<html><script>alert(1)</script>", "a.html", "text", "text/plain"),
        ("Grüße".encode("latin-1"), "a.txt", "other", "application/octet-stream"),
        (PDF, "a.jpg", "pdf", "application/pdf"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a.exe", "video", "video/mp4"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "a.m4a", "audio", "audio/mp4"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm", "a", "video", "video/webm"),
        (b"ID3\x04\0\0\0\0\0\0" + bytes(20), "a.mp3", "audio", "audio/mpeg"),
        (bomb(), "a.png", "other", "image/png"),
        (picture()[:30], "a.png", "other", "image/png"),
    ],
)  # fmt: skip
def test_what_a_file_is_says_its_content(
    client_of: Browser, alice: Any, room: Room, content: bytes, name: str, kind: str, content_type: str
) -> None:
    found = attachment(alice, uploaded(client_of(alice), room, content, name))
    assert (found.kind, found.content_type) == (kind, content_type)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a b.txt", "a b.txt"),
        ("exe\u202efdp.txt", "exefdp.txt"),
        ("x" * 300 + ".tar.gz", "x" * 252 + ".gz"),
        (" . ", "file"),
        ('say "hi";.txt', 'say "hi";.txt'),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
    ],
)
def test_a_name_is_only_a_name(client_of: Browser, alice: Any, room: Room, sent: str, kept: str) -> None:
    from chat.attachments import clean_name

    with in_organisation(alice.organisation):
        assert clean_name(sent)[-40:] == kept[-40:]
    file_id = uploaded(client_of(alice), room, b"x", kept)
    assert "<img src=x" not in html_of(alice, post_files(alice, room, file_id))


def test_who_may_have_a_file(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, dana: Any, mallory: Any, acme: Any, room: Room,
    run_jobs: RunJobs,
) -> None:  # fmt: skip
    file_id = uploaded(client_of(alice), room, picture(), "a.png")
    run_jobs()
    urls = [f"/rooms/r{room.pk}/files/{file_id}/", f"/rooms/r{room.pk}/files/{file_id}/thumbnail.webp"]

    def statuses(who: Any) -> list[int]:
        return [client_of(who).get(url).status_code for url in urls]

    assert statuses(alice) == [200, 200]
    assert statuses(bob) == statuses(dana) == [404, 404], "not posted yet"
    posted = post_files(alice, room, file_id)
    assert statuses(alice) == statuses(bob) == statuses(dana) == [200, 200]
    assert statuses(charlie) == statuses(mallory) == [404, 404]
    assert statuses(acme) == [302, 302], "nobody is signed in"
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, posted.message_id)
    assert statuses(alice) == statuses(bob) == [404, 404]


def test_a_file_is_asked_for_in_its_own_room(
    client_of: Browser, alice: Any, charlie: Any, room: Room, public_room: Room
) -> None:
    file_id = uploaded(client_of(alice), room, b"secret")
    post_files(alice, room, file_id)
    for who in (alice, charlie):
        assert client_of(who).get(f"/rooms/r{public_room.pk}/files/{file_id}/").status_code == 404


def test_only_members_upload(
    client_of: Browser, charlie: Any, mallory: Any, public_room: Room, room: Room
) -> None:
    before = stored(charlie.organisation)
    assert upload(client_of(charlie), room, b"x").status_code == 404
    assert upload(client_of(mallory), room, b"x").status_code == 404
    visitor = upload(client_of(charlie), public_room, b"x")
    assert (visitor.status_code, visitor.json()["error"]["code"]) == (403, "forbidden")
    assert stored(charlie.organisation) == before


def test_bad_uploads_are_refused_and_leave_nothing(
    client_of: Browser, alice: Any, room: Room, settings: Any
) -> None:
    browser, before = client_of(alice), stored(alice.organisation)
    settings.LARGEST_FILE = 10
    for content, status, code in ((b"", 422, "empty"), (b"x" * 11, 413, "too_large")):
        answer = upload(browser, room, content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert browser.post(f"/rooms/r{room.pk}/files/", {"file": "no file"}).status_code == 422
    with in_organisation(alice.organisation):
        assert not Attachment.objects.exists()
    assert stored(alice.organisation) == before


def test_a_storage_that_fails_leaves_nothing(
    client_of: Browser, alice: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(type(default_storage._wrapped), "_save", full)  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="No space"):
        upload(client_of(alice), room, b"x")
    with in_organisation(alice.organisation):
        assert not Attachment.objects.exists()


def test_posting_takes_one_s_own_files_of_the_room_once(
    client_of: Browser, alice: Any, bob: Any, room: Room, public_room: Room
) -> None:
    file_id = uploaded(client_of(alice), room, b"x")
    number = int(file_id[1:])
    for person, where in ((bob, room), (alice, public_room)):
        refused = try_to_post(person, where, number)
        assert isinstance(refused, Refused) and refused.code == "file_gone"
    first = post_files(alice, room, file_id)
    assert isinstance(first, Posted)
    again = try_to_post(alice, room, number)
    assert isinstance(again, Refused) and again.code == "file_gone"


def test_a_repeated_post_has_its_files_once(client_of: Browser, alice: Any, room: Room) -> None:
    number, client_id = int(uploaded(client_of(alice), room, b"x")[1:]), uuid.uuid4()
    first = try_to_post(alice, room, number, client_id=client_id)
    assert isinstance(first, Posted)
    assert try_to_post(alice, room, number, client_id=client_id) == first
    other = try_to_post(alice, room, number + 1, client_id=client_id)
    assert isinstance(other, Refused) and other.code == "conflict"


def test_a_message_without_text_and_files_is_still_empty(alice: Any, room: Room) -> None:
    refused = try_to_post(alice, room)
    assert isinstance(refused, Refused) and refused.code == "empty"


def test_several_files_keep_their_order(client_of: Browser, alice: Any, room: Room) -> None:
    browser = client_of(alice)
    ids = [uploaded(browser, room, b"x", f"{number}.txt") for number in range(3)]
    html = html_of(alice, post_files(alice, room, *reversed(ids), text="Three"))
    assert html.index("2.txt") < html.index("1.txt") < html.index("0.txt")


def test_over_http_and_too_many(client_of: Browser, alice: Any, room: Room) -> None:
    browser = client_of(alice)
    ids = ",".join(uploaded(browser, room, b"x") for _ in range(2))
    form = {"client_id": str(uuid.uuid4()), "text": ""}
    url = f"/rooms/r{room.pk}/messages/"
    many = ",".join(f"f{number}" for number in range(1, 22))
    for wrong in (many, "x", "m1"):
        assert browser.post(url, {**form, "files": wrong}).status_code == 422
    assert browser.post(url, {**form, "files": ids}).status_code == 201


def test_a_plain_post_costs_no_statement_more(alice: Any, room: Room, say: Say) -> None:
    say(alice, room, "warm")
    with queries() as asked:
        say(alice, room, "plain")
    assert not [query for query in asked if "attachment" in query]


def test_a_deleted_message_deletes_its_files(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs
) -> None:
    before = stored(alice.organisation)
    file_id = uploaded(client_of(alice), room, picture())
    run_jobs()
    posted = post_files(alice, room, file_id)
    assert len(stored(alice.organisation) - before) == 2  # the file and its thumbnail
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, posted.message_id)
        assert not Attachment.objects.exists()
    assert "data-file" not in html_of(alice, posted)
    run_jobs()
    assert stored(alice.organisation) == before


def test_giving_up_deletes_the_file(
    client_of: Browser, alice: Any, bob: Any, room: Room, run_jobs: RunJobs
) -> None:
    before = stored(alice.organisation)
    file_id = uploaded(client_of(alice), room, b"x")
    url = f"/rooms/r{room.pk}/files/{file_id}/"
    assert client_of(bob).delete(url).status_code == 404
    assert client_of(alice).delete(url).status_code == 204
    assert client_of(alice).delete(url).status_code == 404
    run_jobs()
    assert stored(alice.organisation) == before


def test_a_posted_file_is_not_given_up(client_of: Browser, alice: Any, room: Room) -> None:
    file_id = uploaded(client_of(alice), room, b"x")
    post_files(alice, room, file_id)
    assert client_of(alice).delete(f"/rooms/r{room.pk}/files/{file_id}/").status_code == 404


def test_what_is_not_posted_within_a_day_goes(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    for module in ("attachments", "jobs"):
        monkeypatch.setattr(f"chat.{module}.UNPOSTED_FOR", timedelta(0))
    browser, before = client_of(alice), stored(alice.organisation)
    kept, forgotten = uploaded(browser, room, b"kept"), uploaded(browser, room, b"forgotten")
    post_files(alice, room, kept)
    run_jobs()
    with in_organisation(alice.organisation):
        assert [f"f{one.pk}" for one in Attachment.objects.all()] == [kept]
    assert forgotten != kept
    assert len(stored(alice.organisation) - before) == 1


def test_parts_of_a_file(client_of: Browser, alice: Any, room: Room) -> None:
    browser = client_of(alice)
    url = f"/rooms/r{room.pk}/files/{uploaded(browser, room, b'0123456789')}/"

    def part(asked: str, **headers: str) -> tuple[int, bytes, str]:
        answer = browser.get(url, headers={"Range": asked, **headers})
        return answer.status_code, body(answer), answer.headers.get("Content-Range", "")

    assert part("bytes=2-4") == (206, b"234", "bytes 2-4/10")
    assert part("bytes=7-") == (206, b"789", "bytes 7-9/10")
    assert part("bytes=-3") == (206, b"789", "bytes 7-9/10")
    assert part("bytes=5-500") == (206, b"56789", "bytes 5-9/10")
    for wrong in ("bytes=10-", "bytes=5-4", "bytes=-0", "bytes=-"):
        assert part(wrong) == (416, b"", "bytes */10")
    for ignored in ("bytes=1-2,4-5", "lines=1-2", "bytes=a-b"):
        assert part(ignored) == (200, b"0123456789", "")
    assert part("bytes=2-4", **{"If-Range": '"another"'}) == (200, b"0123456789", "")
    head = browser.head(url)
    assert (head.status_code, head["Content-Length"], body(head)) == (200, "10", b"")


def test_two_uploads_cannot_both_have_the_last_space(
    client_of: Browser, alice: Any, room: Room, settings: Any
) -> None:
    settings.FILE_QUOTA = 1000
    browsers = [client_of(alice) for _ in range(6)]
    start, answers = threading.Barrier(len(browsers)), []

    def send(browser: Client) -> None:
        try:
            start.wait(10)
            answers.append(upload(browser, room, b"x" * 300).status_code)
        finally:
            leave()

    threads = [threading.Thread(target=send, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] * 3 + [413] * 3
    assert len(stored(alice.organisation)) >= 3


def test_an_organisation_can_set_a_lower_limit(
    client_of: Browser, alice: Any, mallory: Any, settings: Any
) -> None:
    from chat import attachments

    settings.FILE_QUOTA = 5 * 1024**3
    with in_organisation(alice.organisation):
        change_settings(alice, {"file_quota": 2})
        assert attachments.quota() == 2 * 1024**3
        change_settings(alice, {"file_quota": 9})
        assert attachments.quota() == 5 * 1024**3
    with in_organisation(mallory.organisation):
        assert attachments.quota() == 5 * 1024**3


def test_the_storage_page(client_of: Browser, alice: Any, bob: Any, room: Room, settings: Any) -> None:
    settings.FILE_QUOTA = 1024
    uploaded(client_of(alice), room, b"x" * 512)
    page = client_of(alice).get("/organisation/files/")
    assert 'value="50"' in page.content.decode()
    assert client_of(bob).get("/organisation/files/").status_code == 404


def test_the_files_view(
    client_of: Browser, alice: Any, bob: Any, charlie: Any, room: Room, run_jobs: RunJobs
) -> None:
    browser = client_of(alice)
    for number in range(45):
        post_files(alice, room, uploaded(browser, room, b"text", f"note {number}.txt"))
    post_files(alice, room, uploaded(browser, room, picture(), "boat.png"))
    uploaded(browser, room, b"text", "not posted.txt")
    url = f"/rooms/r{room.pk}/files/"
    reader = client_of(bob)
    newest = reader.get(url).content.decode()
    assert newest.index("boat.png") < newest.index("note 44.txt") < newest.index("note 6.txt")
    assert "note 5.txt" not in newest and "not posted" not in newest
    before = newest.partition("before=f")[2].partition('"')[0]
    older = reader.get(f"{url}?before=f{before}", headers={"HX-Request": "true"}).content.decode()
    assert "note 5.txt" in older and "note 6.txt" not in older and "<section" not in older
    pictures = reader.get(f"{url}?kind=image").content.decode()
    assert "boat.png" in pictures and "note" not in pictures
    assert reader.get(f"{url}?before=x").status_code == 422
    assert client_of(charlie).get(url).status_code == 404


def test_a_file_of_a_reply_is_in_the_files_view(client_of: Browser, alice: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Where is the plan?")
    file_id = uploaded(client_of(alice), room, b"text", "plan.txt")
    reply = Post(alice.pk, room.pk, uuid.uuid4(), "", (int(file_id[1:]),), root.message_id)
    with in_organisation(alice.organisation):
        (posted,) = post_messages([reply])
    assert isinstance(posted, Posted) and "plan.txt" in html_of(alice, posted)
    assert "plan.txt" in client_of(alice).get(f"/rooms/r{room.pk}/files/").content.decode()


def test_a_notification_of_files_without_words_says_so(client_of: Browser, alice: Any, bob: Any) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    post_files(alice, direct, uploaded(client_of(alice), direct, b"x"))
    with in_organisation(alice.organisation):
        assert Notification.objects.get(person=bob).text == "Sent files."


def test_the_files_view_costs_the_same_however_many(client_of: Browser, alice: Any, room: Room) -> None:
    browser, counted = client_of(alice), []
    for _ in range(3):
        for _ in range(4):
            post_files(alice, room, uploaded(browser, room, b"text"))
        browser.get(f"/rooms/r{room.pk}/files/", headers={"HX-Request": "true"})
        with queries() as asked:
            browser.get(f"/rooms/r{room.pk}/files/", headers={"HX-Request": "true"})
        counted.append(sum("tenants_organisation" not in query for query in asked))
    assert counted == [3, 3, 3]  # session and person, room, files


def test_a_download_is_two_queries(client_of: Browser, alice: Any, room: Room) -> None:
    browser = client_of(alice)
    file_id = uploaded(browser, room, b"x")
    browser.get(f"/rooms/r{room.pk}/files/{file_id}/").close()
    with queries() as asked:
        browser.get(f"/rooms/r{room.pk}/files/{file_id}/").close()
    assert sum("tenants_organisation" not in query for query in asked) == 2  # session and person, file
