"""Emoji: which there are, and their short names: `:tada:`.

The list is `static/chat/emoji.json`, which the picker and the composer load too; tests/emoji_listing.py writes it from
Unicode's data with Slack's names. A test says when it has to be written again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Own:
    """An emoji of the organisation's own (chat.custom_emoji), as a message shows it."""

    emoji_id: int
    version: str

    @property
    def url(self) -> str:
        return f"/emoji/e{self.emoji_id}/{self.version}.webp"


_OWN_ID = re.compile(r"e([1-9][0-9]{0,17})")


def own_id(text: str) -> int | None:
    """`own_id("e5") == 5`; None for what is no id of an emoji."""
    found = _OWN_ID.fullmatch(text)
    return int(found[1]) if found else None


def unlisted(texts: Iterable[str]) -> set[str]:
    """Names between colons that are no Unicode emoji's: the organisation may have one."""
    return {
        name
        for text in texts
        if ":" in text
        for name in _SHORTCODE.findall(text)
        if name not in shortcodes() and len(name) <= 40 and any(map(str.isalpha, name))  # 10:30: is a time
    }


def split(text: str, own: Mapping[str, Own]) -> Iterator[tuple[str, Own | None]]:
    """`text` in its order: what stands between the organisation's emoji (with None), and each `:name:` with its emoji."""
    at = 0
    for match in _SHORTCODE.finditer(text):
        if found := own.get(match[1]):
            if match.start() > at:
                yield text[at : match.start()], None
            yield match[0], found
            at = match.end()
    if at < len(text):
        yield text[at:], None


def only_emoji(text: str) -> bool:
    """Whether `text` is one to six emoji and nothing else."""
    return _ONLY.fullmatch(text) is not None
