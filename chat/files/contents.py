"""What a file is, found by looking into it: its name and what the browser says of it decide nothing.

Pictures are what Pillow can open, texts what is UTF-8, and for the rest puremagic knows the beginnings of some hundred
formats. What is not on the short lists here is `other`: it can be downloaded, and nothing is shown of it.
"""

import struct
import warnings
from dataclasses import dataclass
from typing import IO

import puremagic
from PIL import Image

LARGEST_PIXELS = 40_000_000  # 160 MB once decoded
LONGEST_EXCERPT = 2_000  # characters
EXCERPT_LINES = 20
_HEAD = 8 * 1024
_ORIENTATION = 0x0112  # EXIF; from 5 on width and height change places
_IMAGES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
# What browsers play and draw; containers of sound and pictures count as pictures.
_PLAYED = {
    "video/mp4": ("video", "video/mp4"),
    "video/quicktime": ("video", "video/mp4"),
    "video/webm": ("video", "video/webm"),
    "audio/mpeg": ("audio", "audio/mpeg"),
    "audio/ogg": ("audio", "audio/ogg"),
    "application/ogg": ("audio", "audio/ogg"),
    "audio/wav": ("audio", "audio/wav"),
    "audio/x-wav": ("audio", "audio/wav"),
    "audio/wave": ("audio", "audio/wav"),
    "audio/flac": ("audio", "audio/flac"),
    "audio/x-flac": ("audio", "audio/flac"),
}
_BRANDS = {  # of the ISO base media format, which puremagic knows only some of
    b"isom": "video", b"iso2": "video", b"iso4": "video", b"iso5": "video", b"iso6": "video", b"mp41": "video",
    b"mp42": "video", b"avc1": "video", b"dash": "video", b"M4V ": "video", b"qt  ": "video", b"M4A ": "audio",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contents:
    """`kind` is one of Attachment.Kind; pixels are 0 where there is no picture."""

    kind: str
    content_type: str
    width: int = 0
    height: int = 0
    excerpt: str = ""


def recognise(file: IO[bytes]) -> Contents:
    """What is in `file`; reads its beginning and leaves it rewound. Never raises for what a file holds."""
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    found = _image(file) or _pdf(head) or _media(head) or _text(head) or _named(head)
    file.seek(0)
    return found


def _image(file: IO[bytes]) -> Contents | None:
    """From its header alone: no pixel is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=list(_IMAGES)) as image:
                width, height = image.size
                if image.getexif().get(_ORIENTATION, 1) >= 5:
                    width, height = height, width
                content_type = _IMAGES[image.format or ""]
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        TypeError,
        struct.error,
        Image.DecompressionBombError,
    ):
        return None
    if not 0 < width * height <= LARGEST_PIXELS:
        return Contents("other", content_type)
    return Contents("image", content_type, width, height)


def _pdf(head: bytes) -> Contents | None:
    return Contents("pdf", "application/pdf") if head.startswith(b"%PDF-") else None


def _media(head: bytes) -> Contents | None:
    if head[4:8] == b"ftyp" and (kind := _BRANDS.get(head[8:12])):
        return Contents(kind, f"{kind}/mp4")
    kind, content_type = _PLAYED.get(_magic(head), ("", ""))
    return Contents(kind, content_type) if kind else None


def _text(head: bytes) -> Contents | None:
    """UTF-8 without control characters. HTML, SVG and scripts are texts like others: shown as such, never run."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) < _HEAD or error.start < len(head) - 3:  # else a letter was cut in two
            return None
        text = head[: error.start].decode("utf-8-sig")
    if any(character < " " and character not in "\t\n\r\f\x1b" for character in text):
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:EXCERPT_LINES]
    return Contents("text", "text/plain", excerpt="\n".join(lines)[:LONGEST_EXCERPT].rstrip())


def _named(head: bytes) -> Contents:
    found = _magic(head)
    plain = len(found) <= 100 and found.isascii() and found.isprintable()
    return Contents("other", found if plain and "/" in found else "application/octet-stream")


def _magic(head: bytes) -> str:
    try:
        return puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return ""
