"""From what a person typed to HTML that is safe for everybody: Markdown, mentions, emoji, code in colour.

Raw HTML is text. Images become links, because a picture from elsewhere would tell its server who reads. The result
passes an allow-list in the end (nh3), whatever the steps before it did.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from chat.text import emoji
from chat.text.mentions import MENTION, ROOM, People

HTML_VERSION = 1
_NESTING = 12  # levels of quotes and lists; deeper ones are text
_LONGEST_HIGHLIGHTED = 5_000  # characters of code; longer code stays without colour
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_.-]{1,30}")
_FORMATTER = HtmlFormatter(nowrap=True)
# Nothing of Markdown, no link, no name, no emoji's name: such a text needs no parser. A dot may end a sentence, not
# join two words (that may be a link); what opens a list, a heading or a quote may not come first.
_PLAIN = re.compile(
    r"[^\\`*_\[\]<>&@:|~\s.\"#+\-=\d](?:[^\\`*_\[\]<>&@:|~\s.\"]| (?! )|\.(?=[ .]|\Z))*(?<! )"
)

_TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr", "span",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "data-person"},
    "span": {"class"},
    "p": {"class"},
    "pre": {"data-language"},
    "ol": {"start"},
    "th": {"data-align"},
    "td": {"data-align"},
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A drawn text: the HTML, whom it mentions, and its words for search and excerpts."""

    html: str
    person_ids: frozenset[int]
    mentions_room: bool
    plain: str


def render(text: str, people: Iterable[tuple[int, str]] | People = ()) -> Rendered:
    """Draw `text`; `people` are the (id, name) pairs it may mention. Never raises for any text that `clean` passed."""
    if _PLAIN.fullmatch(text) and not emoji.only_emoji(text):
        return Rendered(f"<p>{text}</p>\n", frozenset(), False, text)
    named = Named(people if isinstance(people, People) else People(people))
    tokens = _markdown.parse(text, {"named": named})
    drawn = _markdown.renderer.render(tokens, _markdown.options, {"named": named})
    return Rendered(_sanitise(drawn), frozenset(named.person_ids), named.room, _plain(tokens))


class Named:
    """Collects who is mentioned while a text is parsed."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.person_ids: set[int] = set()
        self.room = False


# -- Markdown ----------------------------------------------------------------------------------------------------


def _mention_rule(state: StateInline, silent: bool) -> bool:
    """`@name` where a person of that name exists, and `@room`."""
    if state.src[state.pos] != "@":
        return False
    match = MENTION.match(state.src, state.pos)
    if match is None or state.pos + 1 >= state.posMax:
        return False
    named: Named = state.env["named"]
    if (match["word"] or "").rstrip(".'-").lower() == ROOM:
        if not silent:
            named.room = True
            state.push("mention_room", "", 0).content = f"@{ROOM}"
        state.pos += len(ROOM) + 1
        return True
    found = named.people.find(match)
    if found is None:
        return False
    person_id, name, length = found
    if not silent:
        named.person_ids.add(person_id)
        token = state.push("mention", "", 0)
        token.content, token.meta = f"@{name}", {"person": person_id}
    state.pos += length
    return True


def _emoji_rule(state: StateCore) -> None:
    """Short names become emoji, outside code and links' addresses; a message of few emoji is drawn large."""
    for block in state.tokens:
        for token in block.children or ():
            if token.type == "text":
                token.content = emoji.replace(token.content)
    if len(state.tokens) == 3 and state.tokens[1].type == "inline":
        children = state.tokens[1].children or []
        if all(child.type == "text" for child in children) and emoji.only_emoji(
            "".join(c.content for c in children)
        ):
            state.tokens[0].attrSet("class", "jumbo")


def _tame_rule(state: StateCore) -> None:
    """Headings are bold paragraphs (the page's outline is the page's), alignment of cells is no style."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.type, token.tag = token.type.replace("heading", "paragraph"), "p"
            if token.nesting == 1:
                token.attrSet("class", "heading")
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"data-align": str(token.attrs["style"]).partition(":")[2]}


def _draw_code(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
    code = html.escape(token.content)
    if _LANGUAGE.fullmatch(language):
        try:
            if len(token.content) <= _LONGEST_HIGHLIGHTED:
                code = highlight(token.content, get_lexer_by_name(language, stripnl=False), _FORMATTER)
            return f'<pre data-language="{html.escape(language.lower())}"><code>{code}</code></pre>\n'
        except ClassNotFound:
            pass
    return f"<pre><code>{code}</code></pre>\n"


def _draw_mention(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    return f'<a data-person="p{token.meta["person"]}">{html.escape(token.content)}</a>'


def _draw_room_mention(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return f'<span class="mention-room">{tokens[index].content}</span>'


def _draw_image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    address = html.escape(str(tokens[index].attrs["src"]))
    return f'<a href="{address}">{html.escape(tokens[index].content) or address}</a>'


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt(
        "commonmark", {"html": False, "breaks": True, "linkify": True, "maxNesting": _NESTING}
    )
    markdown.enable(["table", "strikethrough", "linkify"]).disable(
        ["html_block", "html_inline", "reference", "lheading", "code"]
    )
    markdown.inline.ruler.before("emphasis", "mention", _mention_rule)
    markdown.core.ruler.push("emoji", _emoji_rule)
    markdown.core.ruler.push("tame", _tame_rule)
    markdown.add_render_rule("fence", _draw_code)
    markdown.add_render_rule("mention", _draw_mention)
    markdown.add_render_rule("mention_room", _draw_room_mention)
    markdown.add_render_rule("image", _draw_image)
    return markdown


_markdown = _make_markdown()


# -- What may stay -----------------------------------------------------------------------------------------------

_CLASSES = frozenset({"jumbo", "heading", "mention-room"})
_TOKEN_CLASS = re.compile(r"[a-z][a-z0-9]{0,2}")
_PERSON = re.compile(r"p[1-9][0-9]{0,18}")
_ALIGN = frozenset({"left", "center", "right"})


def _sanitise(drawn: str) -> str:
    kept = nh3.clean(
        drawn,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    # Added after the filter, so that nobody can bring their own.
    kept = kept.replace("<a data-person=", '<a class="mention" data-person=')
    kept = kept.replace('<span class="mention-room">', '<span class="mention mention-room">')
    kept = kept.replace("<pre", '<pre class="code"')
    return kept.replace("<a href=", '<a rel="noopener nofollow ugc" target="_blank" href=')


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    match tag, attribute:
        case "a", "href":
            return value if value.partition(":")[0].lower() in ("http", "https", "mailto") else None
        case "a", "data-person":
            return value if _PERSON.fullmatch(value) else None
        case "p" | "span", "class":
            return value if value in _CLASSES or (tag == "span" and _TOKEN_CLASS.fullmatch(value)) else None
        case "pre", "data-language":
            return value if _LANGUAGE.fullmatch(value) else None
        case "ol", "start":
            return value if value.isdigit() and len(value) < 10 else None
        case "th" | "td", "data-align":
            return value if value in _ALIGN else None
    return None


def _plain(tokens: Sequence[Token]) -> str:
    """The words a reader sees, for search and excerpts."""
    words: list[str] = []
    for token in tokens:
        if token.type == "fence":
            words.append(token.content)
        children = token.children or ()
        words += [child.content or ("\n" if child.type.endswith("break") else "") for child in children]
        if token.type == "inline":
            words.append("\n")
    return "".join(words).strip()
