"""The small picture of a card: drawn anew, so that nothing of theirs is served by us."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_MOST_PIXELS = 20_000_000
_LEAST_SIDE = 16  # smaller ones count visits
_WIDTH, _HEIGHT = 480, 320


@dataclass(frozen=True, slots=True)
class Picture:
    """A WebP without metadata."""

    content: bytes
    width: int
    height: int


def drawn_anew(content: bytes) -> Picture | None:
    """The first image of `content`, made to fit the card; None for what is no picture that we can read.

    The number of pixels is checked before any is decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                if image.width * image.height > _MOST_PIXELS or min(image.size) < _LEAST_SIDE:
                    return None
                upright = ImageOps.exif_transpose(image).convert("RGBA")
        upright.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
        fresh = Image.new("RGBA", upright.size)
        fresh.paste(upright)  # a new image has none of the old one's metadata
        out = io.BytesIO()
        fresh.save(out, "WEBP", quality=80, method=4)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning):
        return None
    return Picture(out.getvalue(), fresh.width, fresh.height)
