"""People's pictures: verified, turned upright, cropped to a square and encoded anew, so nothing else comes along."""

import io
import secrets
import warnings
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts.models import Person
from accounts.signals import person_changed
from tenants.db import current_organisation

LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
SIDE = 256
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


class PictureRefused(ValueError):
    """The file can't be a picture; the text is for people."""


def set_picture(person: Person, upload: IO[bytes], size: int) -> None:
    """Give `person` the picture in `upload` (`size` bytes). Raises PictureRefused. Inside the organisation."""
    if size > LARGEST_BYTES:
        raise PictureRefused(_("The picture is larger than 5 MB. Choose a smaller one."))
    content = _encode_anew(upload)
    name = f"{current_organisation().schema_name}/pictures/{secrets.token_hex(12)}.webp"
    _replace(person, default_storage.save(name, ContentFile(content)))


def remove_picture(person: Person) -> None:
    """Go back to initials."""
    if person.picture:
        _replace(person, "")


def _encode_anew(upload: IO[bytes]) -> bytes:
    """A square WebP of 256 pixels without metadata. The number of pixels is checked before any is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(upload, formats=_FORMATS) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise PictureRefused(
                        _("The picture has too many pixels. Choose one up to 40 megapixels.")
                    )
                upright = ImageOps.exif_transpose(image).convert("RGBA")
            square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
            fresh = Image.new("RGBA", square.size)
            fresh.paste(square)  # a new image has none of the old one's metadata
            out = io.BytesIO()
            fresh.save(out, "WEBP", quality=82, method=4)
            return out.getvalue()
    except PictureRefused:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning):
        raise PictureRefused(_("This is no picture that we can read. Use JPEG, PNG, WebP or GIF.")) from None


@transaction.atomic
def _replace(person: Person, name: str) -> None:
    """Change the row; the old file goes once that is committed."""
    before = person.picture.name
    person.picture.name = name
    person.save(update_fields=["picture"])
    if before:
        transaction.on_commit(lambda: default_storage.delete(before))
    person_changed.send(Person, person=person, changed=frozenset({"picture"}))
