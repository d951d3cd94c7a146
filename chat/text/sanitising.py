"""What may stay of drawn Markdown: an allow-list (nh3), whatever the steps before it did."""

import re

import nh3

from chat.text import code, formulas

SCHEMES = ("http", "https", "mailto")
TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr", "span",
    "div", "img", "table", "thead", "tbody", "tr", "th", "td",
} | formulas.TAGS  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "data-person", "data-group"},
    "span": {"class"},
    "p": {"class"},
    "div": {"class"},
    "pre": {"data-language", "data-name"},
    "ol": {"start"},
    "img": {"src", "alt"},
    "th": {"data-align"},
    "td": {"data-align"},
    **dict.fromkeys(formulas.TAGS, formulas.ATTRIBUTES),
}


_CLASSES = {
    "p": {"jumbo", "heading", "formula"},
    "div": {"wide"},
    "span": code.CLASSES | {"mention-room", "spoiler"},
}
# Pictures of the organisation's own emoji, and no others.
_EMOJI = re.compile(r"/emoji/e[1-9][0-9]{0,17}/[0-9a-f]{16}\.webp")
_PERSON = re.compile(r"p[1-9][0-9]{0,18}")
_GROUP = re.compile(r"g[1-9][0-9]{0,18}")
_ALIGN = frozenset({"left", "center", "right"})


def sanitise(drawn: str) -> str:
    kept = nh3.clean(
        drawn,
        tags=TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes=set(SCHEMES),
        link_rel=None,
    )
    # Added after the filter, so that nobody can bring their own.
    kept = kept.replace("<a data-person=", '<a class="mention" data-person=')
    kept = kept.replace("<a data-group=", '<a class="mention" data-group=')
    kept = kept.replace('<span class="mention-room">', '<span class="mention mention-room">')
    kept = kept.replace("<pre", '<pre class="code"')
    kept = kept.replace("<img ", '<img class="emoji" loading="lazy" ')
    return kept.replace("<a href=", '<a rel="noopener nofollow ugc" target="_blank" href=')


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    match tag, attribute:
        case "a", "href":
            return value if value.partition(":")[0].lower() in SCHEMES else None
        case "a", "data-person":
            return value if _PERSON.fullmatch(value) else None
        case "a", "data-group":
            return value if _GROUP.fullmatch(value) else None
        case "p" | "div" | "span", "class":
            return value if value in _CLASSES[tag] else None
        case "pre", "data-language":
            return value if code.LANGUAGE.fullmatch(value) else None
        case "pre", "data-name":
            return value if code.NAME.fullmatch(value) else None
        case "img", "src":
            return value if _EMOJI.fullmatch(value) else None
        case "img", "alt":
            return value
        case "ol", "start":
            return value if value.isdigit() and len(value) < 10 else None
        case "th" | "td", "data-align":
            return value if value in _ALIGN else None
        case _ if tag in formulas.TAGS:
            return value if formulas.may_stay(attribute, value) else None
    return None
