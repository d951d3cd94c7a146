"""How a text may name people, channels and emoji of the export. Pure; `people` and `places` fill it."""

import re
from dataclasses import dataclass, field

from chat.text import emoji

_MENTION_SIGN = re.compile(r"(?<!\w)@(?=\w|\*\*)")
_EMOJI = re.compile(r":([a-z0-9_+'.-]{1,80}):(?::skin-tone-([2-6]):)?")


@dataclass
class Names:
    """By Slack's ids. `people` are names; of those in `here` (their ids in Parley) a text makes a mention."""

    people: dict[str, str] = field(default_factory=dict)
    here: dict[str, int] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)

    def person(self, slack_id: str, label: str = "") -> str:
        """Somebody in a text, as Markdown."""
        name = self.people.get(slack_id) or label or slack_id
        if slack_id in self.here and not set("*|\n[]\\`") & set(name):
            return f"@**{name}|p{self.here[slack_id]}**"
        return f"\\@{escape(name)}"

    def channel(self, slack_id: str, label: str = "") -> str:
        name = self.channels.get(slack_id) or label
        return f"\\#{escape(name)}" if name else "\\#…"


# What Markdown (with our formulas and spoilers) would take for more than a character. "-", "+" and "1." at the beginning of a line stay: what looks like
# a list may become one.
_SPECIAL = re.compile(r"[\\`*_\[\]~|<>$]|&(?=#?\w{1,31};)|(?m:^(?=#))")


def escape(text: str) -> str:
    """`text` as Markdown that shows just that, and that names nobody."""
    text = _SPECIAL.sub(lambda match: f"\\{match[0]}", text)
    return _MENTION_SIGN.sub(r"\\@", text)


def with_emoji(text: str) -> str:
    """Slack's names of emoji, also with a skin tone, as emoji; what is no such name stays."""
    if ":" not in text:
        return text
    return _EMOJI.sub(lambda match: emoji_called(match[1], match[2]) or match[0], text)


def emoji_called(name: str, tone: str | None = None) -> str | None:
    """`emoji_called("wave", "3")`, or `emoji_called("wave::skin-tone-3")` as reactions have it; None if unknown."""
    name, _, more = name.partition("::skin-tone-")
    tone = (more or tone or "")[:1]
    found = emoji.shortcodes().get(name)
    if found is None or tone not in set("23456"):
        return found
    toned = _toned().get(found, "")
    return toned.replace(emoji.TONE, emoji.SKIN_TONES[int(tone) - 2]) if toned else found


def _toned() -> dict[str, str]:
    global _tones
    if _tones is None:
        _tones = {one.emoji: one.toned for one in emoji.listing().emoji if one.toned}
    return _tones


_tones: dict[str, str] | None = None
