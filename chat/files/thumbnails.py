"""Pictures encoded anew: upright, small, and without anything else that the original carried along.

The page of a PDF is drawn by PDFium in a process of its own (chat.files.first_page), with bounds on its time and memory:
what a made-up file does to it ends there.
"""

import io
import os
import subprocess
import sys
import warnings
from typing import IO

from PIL import Image, ImageOps

from chat.files.contents import LARGEST_PIXELS

SIDE = 720  # pixels at most; shown at half of it, for fine screens
LARGEST_PDF = 50 * 1024 * 1024
_PDF_SECONDS = 20
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


class NoPicture(ValueError):
    """There is no picture in it that we can draw."""


def of_image(file: IO[bytes]) -> bytes:
    """A WebP of at most SIDE pixels a side. Raises NoPicture. The number of pixels is checked before any is decoded."""
    return _encode(file, _FORMATS)


def of_pdf(file: IO[bytes]) -> tuple[bytes, int, int]:
    """A WebP of the first page, and its width and height. Raises NoPicture."""
    content = file.read(LARGEST_PDF + 1)
    if len(content) > LARGEST_PDF:
        raise NoPicture("too large")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "chat.files.first_page", str(SIDE)],
            input=content,
            capture_output=True,
            timeout=_PDF_SECONDS,
            check=True,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except subprocess.SubprocessError as error:
        raise NoPicture(type(error).__name__) from None
    drawn = _encode(io.BytesIO(done.stdout), ("PPM",))
    with Image.open(io.BytesIO(drawn)) as image:
        return drawn, image.width, image.height


def size_within(width: int, height: int, side: int = SIDE) -> tuple[int, int]:
    """The size of a picture that is made to fit into a square, never enlarged."""
    scale = min(1.0, side / max(width, height, 1))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _encode(file: IO[bytes], formats: tuple[str, ...]) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise NoPicture("too many pixels")
                image.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEG decodes to about this size by itself
                upright = ImageOps.exif_transpose(image).convert("RGBA")
            small = upright.resize(size_within(*upright.size), Image.Resampling.LANCZOS)
            fresh = Image.new("RGBA", small.size)
            fresh.paste(small)  # a new image has none of the old one's metadata
            out = io.BytesIO()
            fresh.save(out, "WEBP", quality=80, method=4)
            return out.getvalue()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning) as error:
        raise NoPicture(str(error)) from None
