"""Slack's own markup to Markdown. Pure.

What people write in Slack's markup is in `text`: `*bold*`, `_italic_`, `~struck~`, code, quotes, and everything else in
angle brackets: `<@U1>`, `<#C1|name>`, `<!here>`, `<https://…|words>`. `&`, `<` and `>` are entities.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from chat.slack.names import Names, escape, with_emoji

_FENCE = re.compile(r"```(.*?)```", re.DOTALL)
# One of them at a time, so that nothing is looked at twice: code, something in brackets, or marked words.
_INLINE = re.compile(
    r"(?P<code>`[^`\n]+`)|<(?P<bracket>[^<>\n]{1,4000})>"
    r"|(?<![\w*])\*(?P<bold>[^*\n\s](?:[^*\n]{0,2000}[^*\n\s])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\n\s](?:[^_\n]{0,2000}[^_\n\s])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<struck>[^~\n\s](?:[^~\n]{0,2000}[^~\n\s])?)~(?![\w~])"
)
_MARKS = {"bold": "**", "italic": "*", "struck": "~~"}
_BULLET = re.compile(r"(?m)^(\s*)[•◦▪︎▪] ?")
# What Slack puts into addresses of its files when it exports them: it opens every file of the workspace.
_TOKEN = re.compile(r"[?&]t=xox[\w%.-]*", re.IGNORECASE)
_SCHEMES = ("http://", "https://", "mailto:")
_DEPTH = 4  # of marked words in marked words


def to_markdown(text: str, names: Names) -> str:
    """A whole text. Never raises, whatever it is."""
    parts = []
    end = 0
    for match in _FENCE.finditer(text):
        parts += [_lines(text[end : match.start()], names), fenced(_unescape(_plain(match[1], names)))]
        end = match.end()
    parts.append(_lines(text[end:], names))
    return "".join(parts).strip("\n")


def fenced(code: str, language: str = "") -> str:
    """A block of code, on lines of its own."""
    code = code.strip("\n")
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"\n{fence}{language}\n{code}\n{fence}\n"


def link(url: str, words: str = "") -> str:
    """A link; `words` are plain text. What is no address of the web stays text. Tokens of exports are left out."""
    url, words = _TOKEN.sub("", url.strip()), _TOKEN.sub("", words)
    if not url.lower().startswith(_SCHEMES) or any(one in url for one in "\n\t "):
        return escape(words or url)
    safe = url.replace("<", "%3C").replace(">", "%3E").replace("\\", "%5C")
    bare = words in ("", url) or (url.startswith("mailto:") and words == url.removeprefix("mailto:"))
    if bare:
        return f"<{safe}>"
    return f"[{escape(with_emoji(words))}](<{safe}>)"


def coded(text: str) -> str:
    """A few words of code within a line."""
    text = text.replace("\n", " ")
    if "`" not in text:
        return f"`{text}`" if text.strip() else escape(text)
    ticks = "`" * (max(len(run) for run in re.findall(r"`+", text)) + 1)
    return f"{ticks} {text} {ticks}"


def marked(words: str, mark: str) -> str:
    """`words` (Markdown) between marks; blanks at the ends stay outside, where Markdown wants them."""
    inner = words.strip()
    if not inner:
        return words
    before, _, after = words.partition(inner)
    return f"{before}{mark}{inner}{mark}{after}"


def date(timestamp: object, fallback: str) -> str:
    """A time in a text, which Slack shows in the reader's zone: in words, or in UTC."""
    if fallback:
        return escape(fallback)
    try:
        return f"{datetime.fromtimestamp(int(str(timestamp)), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _lines(text: str, names: Names) -> str:
    """Text between blocks of code: quotes, and lines. Slack's `>>>` quotes all that follows."""
    drawn: list[str] = []
    quoting = was_quote = False
    for line in _BULLET.sub(r"\1- ", text).split("\n"):
        quote = quoting
        if not quoting and line.startswith("&gt;&gt;&gt;"):
            quoting = quote = True
            line = line.removeprefix("&gt;&gt;&gt;").lstrip()
        elif not quoting and line.startswith("&gt;"):
            quote, line = True, line.removeprefix("&gt;").removeprefix(" ")
        if was_quote and not quote and line.strip():
            drawn.append("")  # else Markdown takes the line for more of the quote
        drawn.append(("> " if quote else "") + inline(line, names))
        was_quote = quote
    return "\n".join(drawn)


def inline(line: str, names: Names, depth: int = _DEPTH) -> str:
    """One line."""
    return "".join(_pieces(line, names, depth))


def _pieces(line: str, names: Names, depth: int) -> Iterator[str]:
    end = 0
    for match in _INLINE.finditer(line):
        yield escape(with_emoji(_unescape(line[end : match.start()])))
        end = match.end()
        kind = match.lastgroup or ""
        inner = match[kind]
        if kind == "code":
            yield coded(_unescape(_plain(inner[1:-1], names)))
        elif kind == "bracket":
            yield _bracket(_unescape(inner), names)
        elif depth:
            yield marked(inline(inner, names, depth - 1), _MARKS[kind])
        else:
            yield escape(with_emoji(_unescape(match[0])))
    yield escape(with_emoji(_unescape(line[end:])))


def _bracket(content: str, names: Names) -> str:
    """What stands between `<` and `>`."""
    target, _, label = content.partition("|")
    if target.startswith("@"):
        return names.person(target[1:], label.lstrip("@"))
    if target.startswith("#"):
        return names.channel(target[1:], label)
    if target.startswith("!"):
        return _command(target[1:], label)
    return link(target, label)


def _command(target: str, label: str) -> str:
    word, _, rest = target.partition("^")
    if word in ("channel", "here", "everyone", "group"):
        return "@here" if word == "here" else "@room"
    if word == "date":
        return date(rest.partition("^")[0], label)
    if word == "subteam":
        return f"\\@{escape(label.lstrip('@'))}" if label else "\\@…"
    return escape(label or word)


def _plain(text: str, names: Names) -> str:
    """Code: what is in brackets as words, nothing else changed."""

    def words(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target.startswith("@"):
            return f"@{names.people.get(target[1:], label or target[1:])}"
        if target.startswith("#"):
            return f"#{names.channels.get(target[1:], label)}"
        return label or target.removeprefix("!").removeprefix("mailto:")

    return re.sub(r"<((?:[@#!]|https?:|mailto:)[^<>\n]{1,4000})>", words, text)


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
