"""Thumbnails, first pages and first lines: made by the worker, shown on the message when they are there."""

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from chat.files import thumbnails
from chat.messages import post_messages
from chat.models import Attachment, Message, Room
from chat.posts import Post
from chat.previews import prepare
from tenants.db import in_organisation
from tests.chat.files import PDF, attachment, body, bomb, picture, post_files, stored, uploaded
from tests.events import Published

Browser = Callable[[Any], Client]
RunJobs = Callable[[], None]


def html_of(person: Any, message_id: int) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=message_id).html


def thumbnail(browser: Client, room: Room, file_id: str) -> Image.Image:
    answer = browser.get(f"/rooms/r{room.pk}/files/{file_id}/thumbnail.webp")
    assert answer["Content-Type"] == "image/webp"
    return Image.open(io.BytesIO(body(answer)))


def test_a_picture_has_its_box_before_its_thumbnail(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs, published: Published
) -> None:
    browser = client_of(alice)
    file_id = uploaded(browser, room, picture(1440, 720, "JPEG"), "wide.jpg")
    posted = post_files(alice, room, file_id)
    before = html_of(alice, posted.message_id)
    assert "--width:360;--height:180" in before and "<img" not in before
    assert browser.get(f"/rooms/r{room.pk}/files/{file_id}/thumbnail.webp").status_code == 404
    run_jobs()
    after = html_of(alice, posted.message_id)
    assert "--width:360;--height:180" in after
    assert 'width="360" height="180"' in after
    assert thumbnail(browser, room, file_id).size == (720, 360)
    with in_organisation(alice.organisation):
        message = Message.objects.get(pk=posted.message_id)
    assert message.revision == posted.revision + 1
    assert any(b"thumbnail.webp" in repr(envelope).encode() for _, envelope in published())


def test_a_message_posted_later_has_the_thumbnail_at_once(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs
) -> None:
    file_id = uploaded(client_of(alice), room, picture())
    run_jobs()
    assert "thumbnail.webp" in html_of(alice, post_files(alice, room, file_id).message_id)


def test_a_thumbnail_is_upright_and_carries_nothing_along(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010F] = "A camera that tells"
    browser = client_of(alice)
    file_id = uploaded(browser, room, picture(200, 100, "JPEG", exif=exif), "a.jpg")
    run_jobs()
    made = thumbnail(browser, room, file_id)
    assert made.size == (100, 200)
    assert not made.getexif() and "exif" not in made.info
    found = attachment(alice, file_id)
    assert (found.width, found.height) == (100, 200)


def test_a_picture_that_cannot_be_drawn_becomes_a_plain_file(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs
) -> None:
    whole = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(whole, "PNG")
    broken = whole.getvalue()[: whole.tell() // 2]  # its header is fine
    file_id = uploaded(client_of(alice), room, broken, "broken.png")
    posted = post_files(alice, room, file_id)
    run_jobs()
    assert attachment(alice, file_id).kind == "other"
    html = html_of(alice, posted.message_id)
    assert "<img" not in html and "file-card" in html


def test_too_many_pixels_are_never_decoded() -> None:
    with pytest.raises(thumbnails.NoPicture):
        thumbnails.of_image(io.BytesIO(bomb()))


def test_the_first_page_of_a_pdf(client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs) -> None:
    browser = client_of(alice)
    file_id = uploaded(browser, room, PDF, "plan.pdf")
    posted = post_files(alice, room, file_id)
    run_jobs()
    made = thumbnail(browser, room, file_id)
    assert made.size == (540, 720)
    assert "thumbnail.webp" in html_of(alice, posted.message_id)


@pytest.mark.parametrize("content", [b"%PDF-1.4\nnot really", b"%PDF-1.7\n" + bytes(1000)])
def test_a_broken_pdf_is_a_card(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs, content: bytes
) -> None:
    file_id = uploaded(client_of(alice), room, content)
    posted = post_files(alice, room, file_id)
    run_jobs()
    assert attachment(alice, file_id).is_ready
    assert "<img" not in html_of(alice, posted.message_id)


def test_an_endless_pdf_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "_PDF_SECONDS", 0.001)
    with pytest.raises(thumbnails.NoPicture, match="TimeoutExpired"):
        thumbnails.of_pdf(io.BytesIO(PDF))


def test_a_text_shows_its_first_lines_and_is_only_text(client_of: Browser, alice: Any, room: Room) -> None:
    lines = "".join(f"value_{number} = 'x'\n" for number in range(30))
    code = f"# <script>alert(1)</script>\n{lines}"
    posted = post_files(alice, room, uploaded(client_of(alice), room, code.encode(), "a.py"))
    html = html_of(alice, posted.message_id)
    text = re.sub(r"<[^>]*>", "", html)
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "value_18" in text and "value_19" not in text
    assert '<span class="s">' in html


def test_a_file_deleted_while_it_was_drawn_leaves_nothing(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(alice.organisation)
    browser = client_of(alice)
    file_id = uploaded(browser, room, picture())
    made = thumbnails.of_image

    def deleted_meanwhile(file: Any) -> bytes:
        Attachment.objects.filter(pk=int(file_id[1:])).delete()
        return made(file)

    monkeypatch.setattr("chat.previews.thumbnails.of_image", deleted_meanwhile)
    run_jobs()
    assert stored(alice.organisation) == before


def test_preparing_twice_does_no_harm(client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs) -> None:
    file_id = uploaded(client_of(alice), room, picture())
    run_jobs()
    before = stored(alice.organisation)
    with in_organisation(alice.organisation):
        prepare(int(file_id[1:]))
    assert stored(alice.organisation) == before


def test_an_edit_keeps_the_files(client_of: Browser, alice: Any, room: Room) -> None:
    from chat.changes import edit_message

    file_id = uploaded(client_of(alice), room, b"x", "kept.bin")
    with in_organisation(alice.organisation):
        (posted,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "Befor", (int(file_id[1:]),))])
        edit_message(alice, room.pk, posted.message_id, "Before")  # type: ignore[union-attr]
    assert "kept.bin" in html_of(alice, posted.message_id)  # type: ignore[union-attr]
