"""Emoji: which there are, and their short names: `:tada:`.

The list is `static/chat/emoji.json`, which the picker and the composer load too; tests/emoji_listing.py writes it from
Unicode's data with Slack's names. A test says when it has to be written again.
"""

import re
from functools import cache
from pathlib import Path

import msgspec

LISTING = Path(__file__).resolve().parent.parent / "static" / "chat" / "emoji.json"
SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
TONE = "*"  # where a skin tone goes in `Listed.toned`
_VARIATION = "\ufe0f"  # "draw it in colour"; keyboards leave it out or put it in
_SHORTCODE = re.compile(r":([a-z0-9_+-]{1,80}):")
_EMOJI = r"(?:[\u2600-\u27bf\u2b50\u2b55\u231a-\u23ff]|[\U0001f1e6-\U0001f1ff]{2}|[\U0001f300-\U0001faff])"
_ONE = rf"{_EMOJI}[\U0001f3fb-\U0001f3ff]?\ufe0f?(?:\u200d{_EMOJI}[\U0001f3fb-\U0001f3ff]?\ufe0f?)*"
_ONLY = re.compile(rf"\s*(?:{_ONE}\s*){{1,6}}")


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """An emoji of the list. `names` and `keywords` are separated by spaces, the best name first.

    `toned` is the emoji with `TONE` in the place of each skin tone; "" where it has none.
    """

    emoji: str
    names: str
    group: int
    keywords: str
    toned: str = ""


class Listing(msgspec.Struct, frozen=True):
    groups: list[str]
    emoji: list[Listed]


@cache
def listing() -> Listing:
    """All emoji, in Unicode's order, by group."""
    return msgspec.json.decode(LISTING.read_bytes(), type=Listing)


@cache
def shortcodes() -> dict[str, str]:
    """Every short name with its emoji."""
    return {name: one.emoji for one in listing().emoji for name in one.names.split()}


def known(text: str) -> str | None:
    """The emoji that `text` is, with or without skin tone, as everybody writes it; None for anything else."""
    return _spellings().get(text.replace(_VARIATION, ""))


@cache
def _spellings() -> dict[str, str]:
    whole = [one.emoji for one in listing().emoji]
    whole += [one.toned.replace(TONE, tone) for one in listing().emoji if one.toned for tone in SKIN_TONES]
    return {one.replace(_VARIATION, ""): one for one in whole}


def replace(text: str) -> str:
    """Put emoji in the place of their short names; what is no name stays."""
    if ":" not in text:
        return text
    return _SHORTCODE.sub(lambda match: shortcodes().get(match[1], match[0]), text)


def only_emoji(text: str) -> bool:
    """Whether `text` is one to six emoji and nothing else."""
    return _ONLY.fullmatch(text) is not None
