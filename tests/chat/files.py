"""Files to upload, and uploading them."""

import io
import uuid
import zlib
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from chat.files import storing
from chat.messages import post_messages
from chat.models import Attachment, Room
from chat.posts import Post, Posted
from tenants.db import in_organisation

PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def picture(width: int = 40, height: int = 30, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind, **options)
    return out.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A small PNG of an enormous picture, of which no pixel is there."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content).to_bytes(4)
        return len(content).to_bytes(4) + kind + content + crc

    header = side.to_bytes(4) * 2 + b"\x08\x02\0\0\0"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def upload(browser: Client, room: Room, content: bytes, name: str = "a.bin") -> Any:
    """POST one file; the answer as it came."""
    sent = SimpleUploadedFile(name, content, "text/html")  # what a browser says of it is not believed
    return browser.post(f"/rooms/r{room.pk}/files/", {"file": sent}, headers={"Accept": "application/json"})


def uploaded(browser: Client, room: Room, content: bytes, name: str = "a.bin") -> str:
    """Upload one file; its id, such as "f1"."""
    answer = upload(browser, room, content, name)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def post_files(person: Any, room: Room, *ids: str, text: str = "") -> Posted:
    """Post uploaded files."""
    numbers = tuple(int(one[1:]) for one in ids)
    with in_organisation(person.organisation):
        (posted,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), text, numbers)])
    assert isinstance(posted, Posted), posted
    return posted


def attachment(person: Any, file_id: str) -> Attachment:
    with in_organisation(person.organisation):
        return Attachment.objects.get(pk=int(file_id[1:]))


def stored(organisation: Any) -> set[str]:
    """The names of everything that the storage has of an organisation's files."""
    with in_organisation(organisation):
        folder = storing.new_name().rpartition("/")[0]
    try:
        return set(default_storage.listdir(folder)[1])
    except FileNotFoundError:
        return set()


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
