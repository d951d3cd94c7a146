"""From what a person typed to HTML that is safe for everybody: Markdown, mentions, emoji, code in colour.

Raw HTML is text. Images become links, because a picture from elsewhere would tell its server who reads. The result
passes an allow-list in the end (nh3), whatever the steps before it did.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from chat.text import code, emoji, formulas, spoilers
from chat.text.mentions import HERE, ROOM, People, is_sign, several
from chat.text.sanitising import SCHEMES, sanitise

HTML_VERSION = 2
_NESTING = 12  # levels of quotes and lists; deeper ones are text
_MOST_MENTIONS = 100  # people named in one message; further names are text
# Endings that make a link of a word without "https://". Not all countries': README.md and main.py are files.
_ENDINGS = "com net org edu gov io dev app info co uk de fr it es pt nl be ch at se no dk fi pl cz hu gr ro eu ie us ca au nz jp kr cn in br mx ar za ru ua tr il"
_MOST_CELLS = 1_000  # of a table
_ANY = "\U0001f600"  # an emoji, in the place of one of the organisation's
# Nothing of Markdown, no link, no name, no emoji's name: such a text needs no parser. A dot may end a sentence, not
# join two words (that may be a link); what opens a list, a heading or a quote may not come first. One ~ is no
# Markdown, two are. In runs that give nothing back: a quarter of the time, and no text is worse than another.
_PLAIN = re.compile(
    r"(?:[^\\`*_\[\]<>&@:|$~\s.\"#+\-=\d]|~(?!~))"
    r"(?:[^\\`*_\[\]<>&@:|$~\s.\"]++| (?! )|\.(?=[ .]|\Z)|~(?!~))*+(?<! )"
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A drawn text: the HTML, whom it mentions, and its words for search and excerpts."""

    html: str
    person_ids: frozenset[int]
    mentions_room: bool
    plain: str
    group_ids: frozenset[int] = frozenset()
    mentions_here: bool = False


def render(
    text: str, people: Iterable[tuple[int, str]] | People = (), own: Mapping[str, emoji.Own] | None = None
) -> Rendered:
    """Draw `text`; `people` are the (id, name) pairs it may mention, `own` the organisation's emoji by name.

    Never raises for any text that `clean` passed.
    """
    if not needs_parser(text):
        return Rendered(f"<p>{text}</p>\n", frozenset(), False, text)
    named = Named(people if isinstance(people, People) else People(people), own or {})
    tokens = _markdown.parse(text, {"named": named})
    drawn = _markdown.renderer.render(tokens, _markdown.options, {"named": named})
    return Rendered(
        sanitise(drawn),
        frozenset(named.person_ids),
        ROOM in named.several,
        _plain(tokens),
        frozenset(named.group_ids),
        HERE in named.several,
    )


@lru_cache(256)  # the writer asks, and then who draws the text
def needs_parser(text: str) -> bool:
    """Whether drawing `text` takes more than reading it once. With the parser 200 characters may take 3 ms, 10,000 four
    tenths of a second (`![` again and again)."""
    return not _PLAIN.fullmatch(text) or emoji.only_emoji(text)


def links_of(text: str) -> list[str]:
    """The addresses on the web that a text links to, once each, in their order; none that a spoiler covers."""
    tokens = _markdown.parse(text, {"named": Named(People(()))})
    found: list[str] = []
    covered = 0
    for child in (child for token in tokens for child in token.children or ()):
        if child.tag == "span":
            covered += child.nesting
        elif child.type == "link_open" and not covered:
            found.append(str(child.attrs.get("href", "")))
    return [url for url in dict.fromkeys(found) if url.lower().startswith(("http:", "https:"))]


class Named:
    """Collects who is mentioned while a text is parsed."""

    def __init__(self, people: People, own: Mapping[str, emoji.Own] | None = None) -> None:
        self.people = people
        self.own = own or {}
        self.person_ids: set[int] = set()
        self.group_ids: set[int] = set()
        self.several: set[str] = set()  # ROOM, HERE
        self.mentions = 0
        self.coloured = 0  # characters of code
        self.formulas = 0  # and of formulas


# -- Markdown ----------------------------------------------------------------------------------------------------


class Markdown(MarkdownIt):
    """The parser, with our idea of addresses: three schemes, shown as they were typed."""

    def validateLink(self, url: str) -> bool:
        """Anything else stays the text that it was."""
        return url.partition(":")[0].lower() in SCHEMES

    def normalizeLinkText(self, link: str) -> str:
        """Nothing is decoded: `%E2%80%AE` would become a mark that turns the rest of the line around."""
        return link


def _mention_rule(state: StateInline, silent: bool) -> bool:
    """`@name` where a person or a group of that name exists, `@room` and `@here`; in a link all are words of it.

    What says more counts: "@Design Miller" is a person although there is a group "design".
    """
    if state.src[state.pos] != "@" or state.linkLevel or not is_sign(state.src, state.pos):
        return False
    named: Named = state.env["named"]
    if word := several(state.src, state.pos):
        if not silent:
            named.several.add(word)
            state.push("mention_room", "", 0).content = f"@{word}"
        state.pos += len(word) + 1
        return True
    person = named.people.find(state.src, state.pos, state.posMax)
    group = named.people.find_group(state.src, state.pos, state.posMax)
    is_group = group is not None and (person is None or group[2] >= person[2])
    found = group if is_group else person
    if found is None or named.mentions >= _MOST_MENTIONS:
        return False
    found_id, name, length = found
    if not silent:
        named.mentions += 1
        (named.group_ids if is_group else named.person_ids).add(found_id)
        token = state.push("mention", "", 0)
        token.content, token.meta = f"@{name}", {"group" if is_group else "person": found_id}
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
    own = state.env["named"].own
    for block in state.tokens:
        if own and block.children:
            block.children = [part for child in block.children for part in _with_own(child, own)]
        for token in block.children or ():
            if token.type == "text":
                token.content = emoji.replace(token.content)
    if len(state.tokens) == 3 and state.tokens[1].type == "inline":
        children = state.tokens[1].children or []
        seen = [_ANY if child.type == "own_emoji" else child.content for child in children]
        if all(child.type in ("text", "own_emoji") for child in children) and emoji.only_emoji("".join(seen)):
            state.tokens[0].attrSet("class", "jumbo")


def _with_own(token: Token, own: Mapping[str, emoji.Own]) -> list[Token]:
    """A text as several tokens, where it names emoji of the organisation's."""
    if token.type != "text" or ":" not in token.content:
        return [token]
    parts = []
    for content, found in emoji.split(token.content, own):
        part = Token("own_emoji" if found else "text", "", 0, content=content, level=token.level)
        part.meta = {"own": found}
        parts.append(part)
    return parts


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
    """Code, with its language and name: ```python, ```python main.py, ```main.py. The page adds the rest."""
    token = tokens[index]
    named: Named = env["named"]
    language, name = code.language_and_name(token.info)
    if language == "math":
        return _draw_formula(renderer, tokens, index, options, env)
    attributes = f' data-name="{html.escape(name)}"' if name else ""
    if not code.knows(language):
        return f"<pre{attributes}><code>{html.escape(token.content, quote=False)}</code></pre>\n"
    named.coloured += len(token.content)
    fits = named.coloured <= code.MOST_COLOURED
    drawn = code.colour(token.content, language if fits else "")
    return f'<pre data-language="{html.escape(language.lower())}"{attributes}><code>{drawn}</code></pre>\n'


def _draw_formula(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A formula, or what was typed where it is none or the message has enough of them."""
    token = tokens[index]
    named: Named = env["named"]
    named.formulas += len(token.content)
    alone, block = token.block, token.block or token.meta["block"]
    drawn = formulas.mathml(token.content, block=block) if named.formulas <= formulas.MOST else None
    if drawn is None:
        sign = "$$" if block else "$"
        typed = html.escape(f"{sign}{token.content.strip() if alone else token.content}{sign}", quote=False)
        return f"<pre><code>{typed}</code></pre>\n" if alone else f"<code>{typed}</code>"
    return f'<p class="formula">{drawn}</p>\n' if alone else drawn


def _draw_mention(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    ((kind, number),) = token.meta.items()
    return f'<a data-{kind}="{kind[0]}{number}">{html.escape(token.content)}</a>'


def _draw_room_mention(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return f'<span class="mention-room">{tokens[index].content}</span>'


def _draw_own_emoji(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    token = tokens[index]
    return f'<img src="{token.meta["own"].url}" alt="{html.escape(token.content)}">'


def _draw_image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    address = html.escape(str(tokens[index].attrs["src"]))
    return f'<a href="{address}">{html.escape(tokens[index].content) or address}</a>'


def _draw_table_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """A table in a box of its own, which scrolls: a table that does is none any more for a screen reader."""
    return '<div class="wide"><table>\n'


def _draw_table_close(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return "</table></div>\n"


def _make_markdown() -> MarkdownIt:
    markdown = Markdown(
        "commonmark", {"html": False, "breaks": True, "linkify": True, "maxNesting": _NESTING}
    )
    markdown.linkify = LinkifyIt().tlds(_ENDINGS.split())
    markdown.enable(["table", "strikethrough", "linkify"]).disable(
        ["html_block", "html_inline", "reference", "lheading", "code"]
    )
    markdown.block.ruler.at("table", _table_rule, {"alt": ["paragraph", "reference"]})
    markdown.block.ruler.before(
        "fence", "formula", formulas.block_rule, {"alt": ["paragraph", "blockquote", "list"]}
    )
    markdown.inline.ruler.before("emphasis", "mention", _mention_rule)
    markdown.inline.ruler.before("emphasis", "formula", formulas.inline_rule)
    markdown.inline.ruler.before("emphasis", "spoiler", spoilers.inline_rule)
    markdown.inline.add_terminator_char("|")
    markdown.core.ruler.push("emoji", _emoji_rule)
    markdown.core.ruler.push("tame", _tame_rule)
    markdown.add_render_rule("fence", _draw_code)
    markdown.add_render_rule("formula", _draw_formula)
    markdown.add_render_rule("formula_block", _draw_formula)
    markdown.add_render_rule("table_open", _draw_table_open)
    markdown.add_render_rule("table_close", _draw_table_close)
    markdown.add_render_rule("mention", _draw_mention)
    markdown.add_render_rule("mention_room", _draw_room_mention)
    markdown.add_render_rule("image", _draw_image)
    markdown.add_render_rule("own_emoji", _draw_own_emoji)
    return markdown


_markdown = _make_markdown()


# -- What is left of it ------------------------------------------------------------------------------------------


def _plain(tokens: Sequence[Token]) -> str:
    """The words a reader sees, for search and excerpts."""
    words: list[str] = []
    for token in tokens:
        if token.type in ("fence", "formula_block"):
            words.append(token.content)
        children = token.children or ()
        words += [child.content or ("\n" if child.type.endswith("break") else "") for child in children]
        if token.type == "inline":
            words.append("\n")
    return "".join(words).strip()
