"""One's own profile and picture."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.models import Person
from accounts.signals import person_changed
from tenants.db import in_organisation
from tenants.models import Organisation

ClientOf = Callable[[Any], Client]


def png(width: int = 400, height: int = 300, note: str = "") -> SimpleUploadedFile:
    content, metadata = io.BytesIO(), PngInfo()
    metadata.add_text("Comment", note)
    Image.new("RGB", (width, height), "teal").save(content, "PNG", pnginfo=metadata)
    return SimpleUploadedFile("../../me.png", content.getvalue(), "image/png")


def now(person: Any) -> Person:
    with in_organisation(person.organisation):
        return Person.objects.get(pk=person.pk)


def test_name_and_time_zone(bob: Any, client_of: ClientOf) -> None:
    heard: list[Any] = []
    receiver = lambda **kwargs: heard.append(kwargs["changed"])  # noqa: E731
    person_changed.connect(receiver)
    try:
        browser = client_of(bob)
        assert browser.post("/me/", {"name": "  Robert\t B. ", "time_zone": "Asia/Tokyo"}).status_code == 302
        browser.post("/me/", {"name": "Robert B.", "time_zone": "Asia/Tokyo"})
    finally:
        person_changed.disconnect(receiver)
    assert (now(bob).name, now(bob).time_zone) == ("Robert B.", "Asia/Tokyo")
    assert heard == [frozenset({"name", "time_zone"})]


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "\x00"}, {"name": "x" * 81}, {"time_zone": "Mars/Base"}]
)
def test_a_bad_profile_is_refused(wrong: dict[str, str], bob: Any, client_of: ClientOf) -> None:
    assert client_of(bob).post("/me/", {"name": "Bob", "time_zone": "UTC"} | wrong).status_code == 422
    assert now(bob).name == "Bob"


def test_a_picture_is_encoded_anew_and_stays_in_the_organisation(
    bob: Any, mallory: Any, acme: Organisation, client_of: ClientOf
) -> None:
    browser = client_of(bob)
    assert browser.post("/me/picture/", {"picture": png(note="where I live")}).status_code == 302
    person = now(bob)
    assert person.picture.name.startswith(f"{acme.schema_name}/pictures/")
    answer = browser.get(person.picture_url)
    content = answer.content
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.size, image.info.get("exif")) == ("WEBP", (256, 256), None)
    assert b"where I live" not in content
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "image/webp"
    assert client_of(acme).get(person.picture_url).status_code == 302
    assert client_of(mallory).get(person.picture_url).status_code == 404
    assert browser.get(f"/pictures/p{bob.pk}/other.webp").status_code == 404


def test_a_new_picture_replaces_the_old_file(bob: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    browser.post("/me/picture/", {"picture": png()})
    first = now(bob)
    browser.post("/me/picture/", {"picture": png()})
    assert not default_storage.exists(first.picture.name)
    assert now(bob).picture_url != first.picture_url
    assert browser.get(first.picture_url).status_code == 404
    browser.post("/me/picture/", {"remove": "1"})
    assert now(bob).picture_url == ""


def svg() -> SimpleUploadedFile:
    return SimpleUploadedFile(
        "x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/png"
    )


def truncated() -> SimpleUploadedFile:
    return SimpleUploadedFile("x.png", png().read()[:200], "image/png")


def huge() -> SimpleUploadedFile:
    """A small file that would unfold to 400 megapixels."""
    content = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(content, "PNG")
    return SimpleUploadedFile("x.png", content.getvalue(), "image/png")


def heavy() -> SimpleUploadedFile:
    return SimpleUploadedFile("x.png", png().read() + bytes(5 * 1024 * 1024), "image/png")


@pytest.mark.parametrize("make", [svg, truncated, huge, heavy])
def test_what_is_no_picture_is_refused(make: Callable[[], Any], bob: Any, client_of: ClientOf) -> None:
    answer = client_of(bob).post("/me/picture/", {"picture": make()})
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert not now(bob).picture
    assert client_of(bob).post("/me/picture/", {}).status_code == 422


def test_a_person_shows_initials_and_a_steady_hue() -> None:
    assert Person(pk=1, name="Ada King Lovelace").initials == "AL"
    assert Person(pk=1, name="ada").initials == "A"
    assert Person(pk=1, name="💥 boom").initials == "B"
    assert Person(pk=1, name="李 明").initials == "李明"
    assert 0 <= Person(pk=1, name="Ada").hue < 360
    assert Person(pk=1, name="Ada").hue == Person(pk=1, name="Ada").hue
