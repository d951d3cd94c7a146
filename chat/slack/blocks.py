"""Slack's blocks and attachments to Markdown. Pure.

What people write comes as a block "rich_text", which says more than the text beside it; what programs post is made of
sections, headers and fields. Blocks nobody knows are left to the text. https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Callable, Iterator
from typing import Any

from chat.slack.mrkdwn import coded, date, fenced, inline, link, marked, to_markdown
from chat.slack.names import Names, emoji_called, escape, with_emoji

_MOST_BLOCKS = 100
_DEEPEST_LIST = 8

type Json = dict[str, Any]


def from_blocks(blocks: list[Any] | None, names: Names) -> str:
    """The blocks of a message; "" where there are none that say anything, or some that make no sense."""
    try:
        drawn = [_block(one, names) for one in (blocks or [])[:_MOST_BLOCKS] if isinstance(one, dict)]
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return ""
    return "\n\n".join(one.strip("\n") for one in drawn if one.strip()).strip("\n")


def is_rich_text(blocks: list[Any] | None) -> bool:
    """Whether a person wrote these: then nothing else says what the message says."""
    return bool(blocks) and all(
        isinstance(one, dict) and one.get("type") == "rich_text" for one in blocks or []
    )


def from_attachments(attachments: list[Any] | None, names: Names) -> str:
    """What stands below a message, as quotes: previews of links, and what programs posted in the old way."""
    drawn = []
    for one in (attachments or [])[:_MOST_BLOCKS]:
        if not isinstance(one, dict) or _is_preview(one):
            continue
        try:
            quoted = _attachment(one, names)
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            quoted = escape(_text(one.get("fallback")))
        if quoted.strip():
            drawn.append("\n".join(f"> {line}" if line else ">" for line in quoted.strip("\n").split("\n")))
    return "\n\n".join(drawn)


def _is_preview(attachment: Json) -> bool:
    """What Slack shows of a link in the text: the link is there, and Parley makes previews of its own."""
    return bool(attachment.get("from_url") or attachment.get("original_url")) and not attachment.get(
        "is_msg_unfurl"
    )


def _block(block: Json, names: Names) -> str:
    drawn = _BLOCKS.get(block.get("type", ""))
    return drawn(block, names) if drawn else ""


def _section(block: Json, names: Names) -> str:
    parts = [_words(block.get("text"), names)]
    parts += [_words(one, names) for one in block.get("fields") or []]
    return "\n".join(part for part in parts if part.strip())


def _context(block: Json, names: Names) -> str:
    pieces = [
        _words(one, names)
        for one in block.get("elements") or []
        if one.get("type") in ("mrkdwn", "plain_text")
    ]
    return " ".join(piece.replace("\n", " ") for piece in pieces if piece)


def _header(block: Json, names: Names) -> str:
    return marked(_words(block.get("text"), names).replace("\n", " "), "**")


def _image(block: Json, names: Names) -> str:
    title = block.get("title") or {}
    words = _text(title.get("text")) or _text(block.get("alt_text"))
    return link(_text(block.get("image_url")), words) if block.get("image_url") else escape(words)


def _divider(block: Json, names: Names) -> str:
    return "---"


def _video(block: Json, names: Names) -> str:
    title = block.get("title") or {}
    return link(_text(block.get("video_url") or block.get("title_url")), _text(title.get("text")))


def _markdown(block: Json, names: Names) -> str:
    return _text(block.get("text")).replace("@", "\\@")


def _rich_text(block: Json, names: Names) -> str:
    return "\n".join(_part(one, names) for one in block.get("elements") or [])


_BLOCKS: dict[str, Callable[[Json, Names], str]] = {
    "section": _section, "context": _context, "header": _header, "image": _image, "divider": _divider,
    "rich_text": _rich_text, "video": _video, "markdown": _markdown,
}  # fmt: skip


def _part(part: Json, names: Names) -> str:
    """One of the parts of a rich text: a paragraph, a list, a quote, code."""
    kind = part.get("type")
    elements = part.get("elements") or []
    if kind == "rich_text_list":
        return "\n".join(_list(part, names))
    if kind == "rich_text_preformatted":
        return fenced("".join(_text(one.get("text") or one.get("url")) for one in elements))
    drawn = "".join(_element(one, names) for one in elements)
    if kind == "rich_text_quote":
        return "\n".join(f"> {line}" for line in drawn.strip("\n").split("\n")) + "\n"
    return drawn


def _list(part: Json, names: Names) -> Iterator[str]:
    indent = "   " * min(int(part.get("indent") or 0), _DEEPEST_LIST)
    ordered, first = part.get("style") == "ordered", int(part.get("offset") or 0) + 1
    for number, one in enumerate(part.get("elements") or []):
        words = "".join(_element(piece, names) for piece in one.get("elements") or [])
        sign = f"{first + number}." if ordered else "-"
        yield f"{indent}{sign} {words.strip().replace(chr(10), ' ')}"


def _element(element: Json, names: Names) -> str:
    drawn = _ELEMENTS.get(element.get("type", ""))
    words = drawn(element, names) if drawn else escape(_text(element.get("text")))
    return _styled(words, element)


def _styled(words: str, element: Json) -> str:
    style = element.get("style") or {}
    if style.get("code") and element.get("type") == "text":
        words = coded(_text(element.get("text")))
    for name, mark in (("italic", "*"), ("bold", "**"), ("strike", "~~")):
        if style.get(name):
            words = "\n".join(marked(line, mark) for line in words.split("\n"))
    return words


_ELEMENTS: dict[str, Callable[[Json, Names], str]] = {
    "text": lambda one, names: escape(with_emoji(_text(one.get("text")))),
    "link": lambda one, names: link(_text(one.get("url")), _text(one.get("text"))),
    "user": lambda one, names: names.person(_text(one.get("user_id"))),
    "channel": lambda one, names: names.channel(_text(one.get("channel_id"))),
    "usergroup": lambda one, names: f"\\@{escape(_text(one.get('name') or '…'))}",
    "broadcast": lambda one, names: "@here" if one.get("range") == "here" else "@room",
    "emoji": lambda one, names: _emoji(one),
    "date": lambda one, names: date(one.get("timestamp"), _text(one.get("fallback"))),
    "color": lambda one, names: escape(_text(one.get("value"))),
    "team": lambda one, names: "",
}


def _emoji(element: Json) -> str:
    """By its name; one that Parley does not know by its code points, or as it is called."""
    name, tone = _text(element.get("name")), str(element.get("skin_tone") or "")
    known = emoji_called(name, tone)
    if known:
        return known
    try:
        return (
            "".join(chr(int(one, 16)) for one in _text(element.get("unicode")).split("-") if one)[:12]
            or f":{name}:"
        )
    except (ValueError, OverflowError):
        return f":{name}:"


def _attachment(one: Json, names: Names) -> str:
    """An attachment of the old kind, or a message that was shared."""
    if blocks := from_blocks(_shared(one) or one.get("blocks"), names):
        inner = [blocks]
    else:
        inner = [_said(one.get("text"), names)]
        inner += [_field(each, names) for each in one.get("fields") or [] if isinstance(each, dict)]
    title = _text(one.get("title"))
    heading = (
        link(_text(one.get("title_link")), title) if one.get("title_link") else escape(with_emoji(title))
    )
    author = escape(with_emoji(_text(one.get("author_name"))))
    picture = _text(one.get("image_url"))
    lines = [
        _said(one.get("pretext"), names),
        marked(author, "**"),
        marked(heading, "**"),
        *inner,
        link(picture, "") if picture else "",
        escape(_text(one.get("footer"))) if not one.get("is_msg_unfurl") else "",
    ]
    drawn = "\n".join(line for line in lines if line.strip())
    return drawn or escape(_text(one.get("fallback")))


def _shared(one: Json) -> list[Any]:
    """The blocks of a message that was shared."""
    found: list[Any] = []
    for each in one.get("message_blocks") or []:
        found += (each.get("message") or {}).get("blocks") or []
    return found


def _field(one: Json, names: Names) -> str:
    title, value = escape(with_emoji(_text(one.get("title")))), _said(one.get("value"), names)
    return f"{marked(title, '**')}: {value}" if title and value else title or value


def _words(one: Any, names: Names) -> str:
    """A text object: mrkdwn or plain."""
    if not isinstance(one, dict):
        return ""
    text = _text(one.get("text"))
    return to_markdown(text, names) if one.get("type") == "mrkdwn" else escape(with_emoji(text))


def _said(value: Any, names: Names) -> str:
    return to_markdown(_text(value), names)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


__all__ = ["from_attachments", "from_blocks", "inline", "is_rich_text"]
