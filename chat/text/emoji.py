"""Emoji by their short names: `:tada:`. Named from Unicode's own data, with the aliases that people's fingers know."""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path

_RANGES = ((0x2600, 0x27BF), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF))
_SKIN = range(0x1F3FB, 0x1F400)
_TEXT_BY_DEFAULT = frozenset("☀☁☂☃☄☎☑☘☝☠☢☣☦☪☮☯☸☹☺♀♂♈♟♠♣♥♦♨♻♾⚒⚔⚕⚖⚗⚙⚛⚜⚠⚧⚰⚱⛈⛏⛑⛓⛩⛰⛱⛴⛷⛸⛹✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❣❤➡")
_NEVER = re.compile(r"(BLACK|WHITE) (STAR|.*(ARROW|TRIANGLE|SQUARE|CIRCLE))|DINGBAT|CHESS|TRIGRAM|HEXAGRAM")
_ALIASES = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "smile": "😄", "grin": "😁", "joy": "😂", "rofl": "🤣",
    "laughing": "😆", "wink": "😉", "blush": "😊", "heart_eyes": "😍", "kiss": "😘", "thinking": "🤔", "shrug": "🤷",
    "facepalm": "🤦", "cry": "😢", "sob": "😭", "angry": "😠", "rage": "😡", "scream": "😱", "sweat_smile": "😅",
    "sunglasses": "😎", "neutral": "😐", "confused": "😕", "worried": "😟", "sleepy": "😪", "sleeping": "😴",
    "upside_down": "🙃", "smirk": "😏", "eyes": "👀", "wave": "👋", "clap": "👏", "pray": "🙏", "raised_hands": "🙌",
    "muscle": "💪", "ok_hand": "👌", "point_up": "☝️", "point_right": "👉", "point_left": "👈", "point_down": "👇",
    "handshake": "🤝", "heart": "❤️", "broken_heart": "💔", "fire": "🔥", "tada": "🎉", "rocket": "🚀", "star": "⭐",
    "sparkles": "✨", "100": "💯", "check": "✅", "white_check_mark": "✅", "x": "❌", "warning": "⚠️", "question": "❓",
    "exclamation": "❗", "bulb": "💡", "bug": "🐛", "ship": "🚢", "shipit": "🐿️", "coffee": "☕", "tea": "🍵",
    "beer": "🍺", "beers": "🍻", "pizza": "🍕", "cake": "🍰", "birthday": "🎂", "taco": "🌮", "apple": "🍎",
    "sun": "☀️", "cloud": "☁️", "rainbow": "🌈", "snowflake": "❄️", "umbrella": "☂️", "zap": "⚡", "boom": "💥",
    "dog": "🐶", "cat": "🐱", "panda": "🐼", "unicorn": "🦄", "ghost": "👻", "robot": "🤖", "skull": "💀",
    "poop": "💩", "crown": "👑", "gift": "🎁", "trophy": "🏆", "medal": "🏅", "dart": "🎯", "art": "🎨",
    "calendar": "📅", "clock": "🕐", "hourglass": "⌛", "lock": "🔒", "unlock": "🔓", "key": "🔑", "link": "🔗",
    "pushpin": "📌", "memo": "📝", "book": "📖", "books": "📚", "mail": "📧", "inbox": "📥", "package": "📦",
    "chart": "📈", "chart_down": "📉", "computer": "💻", "phone": "📱", "camera": "📷", "mute": "🔇", "bell": "🔔",
    "partying_face": "🥳", "star-struck": "🤩", "star_struck": "🤩", "exploding_head": "🤯", "mind_blown": "🤯",
    "innocent": "😇", "pleading_face": "🥺", "face_with_monocle": "🧐", "hugs": "🤗", "hug": "🤗", "nerd": "🤓",
    "cowboy": "🤠", "vomiting": "🤮", "sick": "🤒", "woozy": "🥴", "zany": "🤪", "money": "💰", "salute": "🫡",
    "melting": "🫠", "yawn": "🥱", "zipper_mouth": "🤐", "drool": "🤤", "crossed_fingers": "🤞", "v": "✌️", "call_me": "🤙",
    "writing": "✍️", "brain": "🧠", "ocean": "🌊", "spiral_calendar": "🗓️", "tent": "⛺", "train": "🚆", "plane": "✈️",
    "car": "🚗", "bike": "🚲", "house": "🏠", "office": "🏢", "earth": "🌍", "moon": "🌙", "seedling": "🌱", "tree": "🌳",
    "green_heart": "💚", "blue_heart": "💙", "purple_heart": "💜", "yellow_heart": "💛", "orange_heart": "🧡",
    "black_heart": "🖤", "white_heart": "🤍", "pencil": "✏️", "scissors": "✂️", "shield": "🛡️", "hammer": "🔨", "wrench": "🔧", "gear": "⚙️", "mag": "🔍", "construction": "🚧", "recycle": "♻️", "traffic_light": "🚦",
}  # fmt: skip
_SHORTCODE = re.compile(r":([a-z0-9_+-]{1,80}):")
_EMOJI = r"(?:[\u2600-\u27bf\u2b50\u2b55\u231a-\u23ff]|[\U0001f1e6-\U0001f1ff]{2}|[\U0001f300-\U0001faff])"
_ONE = rf"{_EMOJI}[\U0001f3fb-\U0001f3ff]?\ufe0f?(?:\u200d{_EMOJI}[\U0001f3fb-\U0001f3ff]?\ufe0f?)*"
_ONLY = re.compile(rf"\s*(?:{_ONE}\s*){{1,6}}")


@cache
def shortcodes() -> dict[str, str]:
    """Every short name with its emoji; the aliases win."""
    found: dict[str, str] = {}
    for first, last in _RANGES:
        for point in range(first, last + 1):
            name = unicodedata.name(chr(point), "")
            if name and point not in _SKIN and not _NEVER.search(name):
                character = chr(point)
                found[re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")] = (
                    character + "\ufe0f" if character in _TEXT_BY_DEFAULT else character
                )
    return found | _ALIASES


def listing() -> list[tuple[str, str, str]]:
    """(name, emoji, keywords) for the composer's completion, best known first."""
    official = {character: name for name, character in shortcodes().items() if name not in _ALIASES}
    best_known = [
        (name, character, official.get(character, "").replace("_", " "))
        for name, character in _ALIASES.items()
    ]
    rest = [
        (name, character, name.replace("_", " "))
        for name, character in shortcodes().items()
        if name not in _ALIASES
    ]
    return best_known + rest


def replace(text: str) -> str:
    """Put emoji in the place of their short names; what is no name stays."""
    if ":" not in text:
        return text
    return _SHORTCODE.sub(lambda match: shortcodes().get(match[1], match[0]), text)


def only_emoji(text: str) -> bool:
    """Whether `text` is one to six emoji and nothing else."""
    return _ONLY.fullmatch(text) is not None


def write_listing(path: Path) -> None:
    """Write `listing()` as the file that the composer loads; a test says when it has to be done again."""
    path.write_text(json.dumps(listing(), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
