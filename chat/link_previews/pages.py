"""What a page says of itself: Open Graph, Twitter's cards, its title. Pure: no database, no network.

Only the tags of a page's head are read, each found by an expression that looks at every character once: a parser of
whole pages takes minutes for some that were made for it.
"""

import codecs
import html
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

_HEAD_ENDS = re.compile(r"</head|<body", re.IGNORECASE)
_META = re.compile(r"""<meta\b((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]*>([^<]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_MOST_TITLE, _MOST_DESCRIPTION, _MOST_SITE = 200, 300, 80


@dataclass(frozen=True, slots=True)
class Summary:
    """The card's words, clean and short, and where its picture is ("" for none)."""

    title: str
    description: str
    site: str
    picture_url: str


def summarise(url: str, body: bytes, charset: str) -> Summary | None:
    """Read a page that came from `url`; None for one without a title."""
    head = _decoded(body, charset)
    if end := _HEAD_ENDS.search(head):
        head = head[: end.start()]
    said = _metas(head)

    def first(*names: str) -> str:
        return next((said[name] for name in names if said.get(name)), "")

    found = _TITLE.search(head)
    title = first("og:title", "twitter:title") or (html.unescape(found[1]) if found else "")
    picture = first("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    summary = Summary(
        title=one_line(title, _MOST_TITLE),
        description=one_line(
            first("og:description", "twitter:description", "description"), _MOST_DESCRIPTION
        ),
        site=one_line(first("og:site_name"), _MOST_SITE) or site_of(url),
        picture_url=_joined(url, picture),
    )
    return summary if summary.title else None


def of_picture(url: str) -> Summary:
    """The card of an address that is a picture itself."""
    name = urlsplit(url).path.rpartition("/")[2]
    return Summary(one_line(name, _MOST_TITLE) or site_of(url), "", site_of(url), url)


def site_of(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")[:_MOST_SITE]


def one_line(text: str, most: int) -> str:
    """At most `most` characters on one line; marks that turn the writing direction and other controls are dropped."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _metas(head: str) -> dict[str, str]:
    """What the meta tags say, by their name or property; the first of several counts."""
    said: dict[str, str] = {}
    for tag in _META.finditer(head):
        attributes = {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag[1])
        }
        name = (attributes.get("property") or attributes.get("name") or "").lower()
        if name and attributes.get("content"):
            said.setdefault(name, attributes["content"])
    return said


def _decoded(body: bytes, charset: str) -> str:
    """By the byte order mark, the header, the page's own word, or as UTF-8; what is wrong becomes a question mark."""
    if body.startswith(codecs.BOM_UTF8):
        charset = "utf-8"
    elif not charset and (found := _CHARSET.search(body[:2_048])):
        charset = found[1].decode("ascii")
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except (LookupError, ValueError):  # no such charset, or one that is none of text
        return body.decode("utf-8", errors="replace")


def _joined(url: str, picture: str) -> str:
    try:
        return urljoin(url, picture.strip()) if picture else ""
    except ValueError:
        return ""
