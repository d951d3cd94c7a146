"""What a room may be called, and how a change of a room is refused."""

import unicodedata

from django.utils.translation import gettext as _

LONGEST_NAME = 60
LONGEST_TOPIC = 250
# Zero-width spaces, direction overrides and the byte order mark make two names look alike; joiners belong to emoji.
_INVISIBLE = frozenset(
    "\u00ad\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


class RoomRefused(Exception):
    """A change of a room that can't be made. Nothing was changed; `detail` is for the person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class NotAllowed(RoomRefused):
    """The person sees the room and may not do this with it."""

    def __init__(self, detail: str) -> None:
        super().__init__("forbidden", detail)


def checked_name(text: str) -> str:
    """`text` as a room's name: normalised, one space between words, no "#" in front. Raises RoomRefused."""
    name = one_line(text, "name_malformed").lstrip("#").strip()
    if not any(unicodedata.category(one)[0] in "LNPS" for one in name):
        raise RoomRefused("name_missing", _("Give the room a name."))
    if len(name) > LONGEST_NAME:
        raise RoomRefused("name_too_long", _("A name has at most %d characters.") % LONGEST_NAME)
    return name


def checked_topic(text: str) -> str:
    """`text` as a room's topic, on one line; may be empty. Raises RoomRefused."""
    topic = one_line(text, "topic_malformed")
    if len(topic) > LONGEST_TOPIC:
        raise RoomRefused("topic_too_long", _("A topic has at most %d characters.") % LONGEST_TOPIC)
    return topic


def one_line(text: str, code: str) -> str:
    """`text` on one line, normalised. Raises RoomRefused(code) for what can't be seen in it."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if any(one in _INVISIBLE or unicodedata.category(one) in ("Cc", "Cs", "Cn", "Co") for one in line):
        raise RoomRefused(code, _("Names and topics can't hold control characters."))
    return line
