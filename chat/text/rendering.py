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
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from chat.text import code, emoji
from chat.text.mentions import ROOM, People, is_room, is_sign

HTML_VERSION = 1
_NESTING = 12  # levels of quotes and lists; deeper ones are text
_MOST_MENTIONS = 100  # people named in one message; further names are text
_SCHEMES = ("http", "https", "mailto")
# Endings that make a link of a word without "https://". Not all countries': README.md and main.py are files.
_ENDINGS = "com net org edu gov io dev app info co uk de fr it es pt nl be ch at se no dk fi pl cz hu gr ro eu ie us ca au nz jp kr cn in br mx ar za ru ua tr il"
_MOST_CELLS = 1_000  # of a table
# Nothing of Markdown, no link, no name, no emoji's name: such a text needs no parser. A dot may end a sentence, not
# join two words (that may be a link); what opens a list, a heading or a quote may not come first. One ~ is no
# Markdown, two are.
_PLAIN = re.compile(
    r"(?:[^\\`*_\[\]<>&@:|~\s.\"#+\-=\d]|~(?!~))"
    r"(?:[^\\`*_\[\]<>&@:|~\s.\"]| (?! )|\.(?=[ .]|\Z)|~(?!~))*(?<! )"
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


def links_of(text: str) -> list[str]:
    """The addresses on the web that a text links to, once each, in their order."""
    tokens = _markdown.parse(text, {"named": Named(People(()))})
    children = [child for token in tokens for child in token.children or () if child.type == "link_open"]
    found = [str(child.attrs.get("href", "")) for child in children]
    return [url for url in dict.fromkeys(found) if url.lower().startswith(("http:", "https:"))]


class Named:
    """Collects who is mentioned while a text is parsed."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.person_ids: set[int] = set()
        self.room = False
        self.mentions = 0
        self.coloured = 0  # characters of code


# -- Markdown ----------------------------------------------------------------------------------------------------


class Markdown(MarkdownIt):
    """The parser, with our idea of addresses: three schemes, shown as they were typed."""

    def validateLink(self, url: str) -> bool:
        """Anything else stays the text that it was."""
        return url.partition(":")[0].lower() in _SCHEMES

    def normalizeLinkText(self, link: str) -> str:
        """Nothing is decoded: `%E2%80%AE` would become a mark that turns the rest of the line around."""
        return link


def _mention_rule(state: StateInline, silent: bool) -> bool:
    """`@name` where a person of that name exists, and `@room`; in a link both are words of it."""
    if state.src[state.pos] != "@" or state.linkLevel or not is_sign(state.src, state.pos):
        return False
    named: Named = state.env["named"]
    if is_room(state.src, state.pos):
        if not silent:
            named.room = True
            state.push("mention_room", "", 0).content = f"@{ROOM}"
        state.pos += len(ROOM) + 1
        return True
    found = named.people.find(state.src, state.pos, state.posMax)
    if found is None or named.mentions >= _MOST_MENTIONS:
        return False
    person_id, name, length = found
    if not silent:
        named.mentions += 1
        named.person_ids.add(person_id)
        token = state.push("mention", "", 0)
        token.content, token.meta = f"@{name}", {"person": person_id}
    state.pos += length
    return True


def _table_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table of a bounded size. A row may have fewer cells than the head and the parser adds the rest, which made
    700,000 characters of 10,000; what is below the last row that fits is a paragraph."""
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    rows = max(1, _MOST_CELLS // columns)
    return table(state, start, min(end, start + 2 + rows), silent)


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
    named: Named = env["named"]
    language = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
    if not code.knows(language):
        return f"<pre><code>{html.escape(token.content, quote=False)}</code></pre>\n"
    named.coloured += len(token.content)
    fits = named.coloured <= code.MOST_COLOURED
    drawn = code.colour(token.content, language if fits else "")
    return f'<pre data-language="{html.escape(language.lower())}"><code>{drawn}</code></pre>\n'


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
    markdown = Markdown(
        "commonmark", {"html": False, "breaks": True, "linkify": True, "maxNesting": _NESTING}
    )
    markdown.linkify = LinkifyIt().tlds(_ENDINGS.split())
    markdown.enable(["table", "strikethrough", "linkify"]).disable(
        ["html_block", "html_inline", "reference", "lheading", "code"]
    )
    markdown.block.ruler.at("table", _table_rule, {"alt": ["paragraph", "reference"]})
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

_CLASSES = {"p": {"jumbo", "heading"}, "span": code.CLASSES | {"mention-room"}}
_PERSON = re.compile(r"p[1-9][0-9]{0,18}")
_ALIGN = frozenset({"left", "center", "right"})


def _sanitise(drawn: str) -> str:
    kept = nh3.clean(
        drawn,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes=set(_SCHEMES),
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
            return value if value.partition(":")[0].lower() in _SCHEMES else None
        case "a", "data-person":
            return value if _PERSON.fullmatch(value) else None
        case "p" | "span", "class":
            return value if value in _CLASSES[tag] else None
        case "pre", "data-language":
            return value if code.LANGUAGE.fullmatch(value) else None
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
