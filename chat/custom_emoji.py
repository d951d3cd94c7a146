"""The organisation's own emoji: adding, naming, removing, and what messages need to show them. Inside the organisation.

A name is unique among all emoji, Unicode's included, so `:tada:` never changes its meaning. Removing frees the names;
messages and reactions that have the emoji go on showing it, because they name it by id.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.db.models import Prefetch
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts.organisation_settings import organisation_settings
from chat.models import CustomEmoji, CustomEmojiName
from chat.text import emoji as listed
from chat.text.emoji import Own

if TYPE_CHECKING:
    from accounts.models import Person

MOST = 1_000  # emoji of an organisation
MOST_NAMES = 10  # of an emoji
LARGEST_BYTES = 1024 * 1024
_LARGEST_PIXELS = 4_000_000
_SIDE = 96
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_NAME = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9_+-]{1,39}")  # a letter at least: 10:30: is a time


class EmojiRefused(ValueError):
    """Nothing was changed. Codes: forbidden, bad_name, name_taken, too_many, too_large, no_picture."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Entry:
    """An emoji in the list; `names` has the first one first."""

    id: int
    names: list[str]
    version: str
    creator: str
    created_by_id: int | None


def may_add(person: "Person") -> bool:
    """Whether `person` may add emoji and names: all but guests, or administrators, as the organisation decided."""
    return person.is_administrator or (not person.is_guest and organisation_settings().emoji_by_members)


def may_remove(person: "Person", created_by_id: int | None) -> bool:
    return person.is_administrator or (person.pk == created_by_id and may_add(person))


@transaction.atomic
def add_emoji(person: "Person", name: str, upload: IO[bytes], size: int) -> CustomEmoji:
    """Add the picture in `upload` (`size` bytes) under `name`. Raises EmojiRefused."""
    if not may_add(person):
        raise EmojiRefused("forbidden", _("You can't add emoji here. Ask an administrator."))
    name = _cleaned(name)
    if size > LARGEST_BYTES:
        raise EmojiRefused("too_large", _("The picture is larger than 1 MB. Choose a smaller one."))
    if CustomEmoji.objects.filter(removed_at__isnull=True).count() >= MOST:
        raise EmojiRefused(
            "too_many", _("There are %(most)s emoji already. Remove one first.") % {"most": f"{MOST:,}"}
        )
    picture = _drawn(upload)
    version = hashlib.blake2b(picture, digest_size=8).hexdigest()
    added = CustomEmoji.objects.create(name=name, picture=picture, version=version, created_by=person)
    _take(name, added)
    return added


@transaction.atomic
def add_name(person: "Person", emoji_id: int, name: str) -> None:
    """Let an emoji go by another name as well; again changes nothing. Raises CustomEmoji.DoesNotExist, EmojiRefused."""
    emoji = _changing(person, emoji_id)
    name = _cleaned(name)
    names = set(emoji.names.values_list("name", flat=True))
    if name in names:
        return
    if len(names) >= MOST_NAMES:
        raise EmojiRefused("too_many", _("This emoji has as many names as it can have."))
    _take(name, emoji)


@transaction.atomic
def remove_name(person: "Person", emoji_id: int, name: str) -> None:
    """Take a name away; the last one stays. Raises as `add_name`."""
    emoji = _changing(person, emoji_id)
    names = list(emoji.names.order_by("name").values_list("name", flat=True))
    if name not in names:
        return
    if len(names) == 1:
        raise EmojiRefused("bad_name", _("An emoji needs a name. Remove the emoji instead."))
    CustomEmojiName.objects.filter(pk=name).delete()
    if emoji.name == name:
        emoji.name = next(one for one in names if one != name)
        emoji.save(update_fields=["name"])


@transaction.atomic
def remove_emoji(person: "Person", emoji_id: int) -> None:
    """Remove an emoji; what shows it already goes on. Raises CustomEmoji.DoesNotExist, EmojiRefused (forbidden)."""
    emoji = _changing(person, emoji_id)
    emoji.names.all().delete()
    emoji.removed_at = Now()
    emoji.save(update_fields=["removed_at"])


def emoji_list() -> list[Entry]:
    """All emoji that can be used, by name. Two queries."""
    names = Prefetch("names", CustomEmojiName.objects.order_by("name"))
    found = CustomEmoji.objects.filter(removed_at__isnull=True).select_related("created_by").defer("picture")
    return [_entry(one) for one in found.prefetch_related(names).order_by("name")]


def _entry(emoji: CustomEmoji) -> Entry:
    others = [one.name for one in emoji.names.all() if one.name != emoji.name]
    creator = emoji.created_by.name if emoji.created_by else ""
    return Entry(emoji.pk, [emoji.name, *others], emoji.version, creator, emoji.created_by_id)


def picture_of(emoji_id: int, version: str) -> bytes:
    """The WebP of an emoji, of one that was removed too. Raises CustomEmoji.DoesNotExist. One query."""
    return bytes(CustomEmoji.objects.values_list("picture", flat=True).get(pk=emoji_id, version=version))


def known(emoji: str) -> str | None:
    """`e5` where the organisation has that emoji now; None for anything else. One query, none for what is no id."""
    number = listed.own_id(emoji)
    if number is None:
        return None
    usable = CustomEmoji.objects.filter(pk=number, removed_at__isnull=True)
    return f"e{number}" if usable.exists() else None


_OWN = """
select name.name, emoji.id, emoji.version
from chat_customemojiname name join chat_customemoji emoji on emoji.id = name.emoji_id where name.name = any(%s)
"""


def own_in(texts: Iterable[str]) -> dict[str, Own]:
    """The organisation's emoji that `texts` name, by name. One query, none where no text has an unknown `:name:`."""
    wanted = listed.unlisted(texts)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [sorted(wanted)])
        return {name: Own(emoji_id, version) for name, emoji_id, version in cursor.fetchall()}


def _changing(person: "Person", emoji_id: int) -> CustomEmoji:
    emoji = CustomEmoji.objects.select_for_update().defer("picture").get(pk=emoji_id, removed_at__isnull=True)
    if not may_remove(person, emoji.created_by_id):
        raise EmojiRefused("forbidden", _("Only who added an emoji, or an administrator, can change it."))
    return emoji


def _cleaned(name: str) -> str:
    name = name.strip().strip(":").lower().replace(" ", "_")
    if not _NAME.fullmatch(name):
        detail = _(
            "A name has 2 to 40 characters: letters a to z, numbers, and _ + -. It begins with a letter or number."
        )
        raise EmojiRefused("bad_name", detail)
    if name in listed.shortcodes():
        raise EmojiRefused(
            "name_taken",
            _("There is an emoji of that name already: %(emoji)s") % {"emoji": listed.shortcodes()[name]},
        )
    return name


def _take(name: str, emoji: CustomEmoji) -> None:
    try:
        with transaction.atomic():
            CustomEmojiName.objects.create(name=name, emoji=emoji)
    except IntegrityError:
        raise EmojiRefused("name_taken", _("There is an emoji of that name already.")) from None


def _drawn(upload: IO[bytes]) -> bytes:
    """A WebP that fits into a square, without metadata and without motion. Raises EmojiRefused (no_picture).

    Of a moving picture the first image: what blinks beside every line is not calm (LOOK, "Motion").
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(upload, formats=_FORMATS) as image:
                if image.width * image.height > _LARGEST_PIXELS:
                    raise EmojiRefused(
                        "no_picture", _("The picture has too many pixels. Choose a smaller one.")
                    )
                upright = ImageOps.exif_transpose(image).convert("RGBA")
        fitted = ImageOps.pad(upright, (_SIDE, _SIDE), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
        out = io.BytesIO()
        fitted.save(out, "WEBP", quality=85, method=4, exif=b"", icc_profile=b"")
        return out.getvalue()
    except EmojiRefused:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning):
        raise EmojiRefused(
            "no_picture", _("This is no picture that we can read. Use PNG, WebP, GIF or JPEG.")
        ) from None
