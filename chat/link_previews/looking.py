"""Looking an address up: its page, and its page's picture. Touches the network; only the worker does it."""

from dataclasses import dataclass

import structlog

from chat.link_previews import pages, pictures
from tenants import outgoing

log = structlog.get_logger(__name__)

_PAGES = ("text/html", "application/xhtml+xml")
_MOST_PAGE = 512 * 1024
_MOST_PICTURE = 1024 * 1024
_SECONDS = 5.0  # for the page with its redirects, and again for the picture


@dataclass(frozen=True, slots=True)
class Found:
    """What a card is drawn of."""

    summary: pages.Summary
    picture: pictures.Picture | None


def look_up(url: str, outside: outgoing.Outside) -> Found | None:
    """The page's words and picture; None where there is nothing to show. Takes 10 seconds at most."""
    try:
        answer = outgoing.fetch(
            url, accept=(*_PAGES, "image/"), most=_MOST_PICTURE, seconds=_SECONDS, outside=outside
        )
    except outgoing.FetchFailed as failed:
        log.info("no link preview", reason=str(failed))
        return None
    if answer.content_type.startswith("image/"):
        picture = None if answer.cut else pictures.drawn_anew(answer.body)
        return Found(pages.of_picture(answer.url), picture) if picture else None
    summary = pages.summarise(answer.url, answer.body[:_MOST_PAGE], answer.charset)
    if summary is None:
        return None
    return Found(summary, _picture(summary.picture_url, outside))


def _picture(url: str, outside: outgoing.Outside) -> pictures.Picture | None:
    """A card is a card without its picture too."""
    if not url:
        return None
    try:
        answer = outgoing.fetch(
            url, accept=("image/",), most=_MOST_PICTURE, seconds=_SECONDS, outside=outside
        )
    except outgoing.FetchFailed as failed:
        log.info("no picture of a link preview", reason=str(failed))
        return None
    return None if answer.cut else pictures.drawn_anew(answer.body)
