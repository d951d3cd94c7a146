"""The files of a message: pictures and videos in a box of their final size, texts with their first lines, the rest as
cards. Words and sizes are the page's (chat/static/chat/js/files.js): the fragment is the same in every language.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from html import escape

from django.urls import reverse

from chat.files.thumbnails import size_within
from chat.models import Attachment
from chat.text import code

_BOX = 360  # pixels at most, of a picture as shown


def draw(message_ids: Collection[int]) -> dict[int, str]:
    """The files of these messages, by message. One query."""
    found: defaultdict[int, list[Attachment]] = defaultdict(list)
    for attachment in Attachment.objects.filter(message_id__in=message_ids).order_by("message_id", "place"):
        found[attachment.message_id or 0].append(attachment)
    return {message_id: drawn(attachments) for message_id, attachments in found.items()}


def drawn(attachments: Sequence[Attachment]) -> str:
    """The files of one message as safe HTML. No queries."""
    return f'<div class="files">{"".join(map(_file, attachments))}</div>'


def _file(one: Attachment) -> str:
    shown = _SHOWN.get(one.kind, _card) if one.is_ready else _card
    about = f'data-file="f{one.pk}" data-kind="{one.kind}" data-state="{one.state}"'
    return f'<div class="file" {about}>{shown(one)}</div>'


def _image(one: Attachment) -> str:
    """A link to the original around the thumbnail, or around as much empty space until there is one."""
    width, height = size_within(one.width, one.height, _BOX)
    picture = _thumbnail(one, width, height) if one.thumbnail else ""
    style = f"--width:{width};--height:{height}"
    return (
        f'<a class="file-picture" style="{style}" href="{_url(one)}" data-name="{_name(one)}">{picture}</a>'
    )


def _video(one: Attachment) -> str:
    source = f'<source src="{_url(one)}" type="{one.content_type}">'
    video = (
        f'<video class="file-video" controls preload="metadata" aria-label="{_name(one)}">{source}</video>'
    )
    return video + _card(one)


def _audio(one: Attachment) -> str:
    return f'{_card(one)}<audio class="file-audio" controls preload="none" src="{_url(one)}" aria-label="{_name(one)}"></audio>'


def _pdf(one: Attachment) -> str:
    if not one.thumbnail:
        return _card(one)
    width, height = size_within(one.width, one.height, _BOX)
    page = _thumbnail(one, width, height)
    style = f"--width:{width};--height:{height}"
    return f'<a class="file-page" style="{style}" href="{_url(one)}" download>{page}</a>{_card(one)}'


def _text(one: Attachment) -> str:
    ending = one.name.rpartition(".")[2]
    lines = code.colour(one.excerpt[: code.MOST_COLOURED], ending)
    return (
        f'{_card(one)}<pre class="file-excerpt" dir="ltr"><code>{lines}</code></pre>'
        if one.excerpt
        else _card(one)
    )


def _card(one: Attachment) -> str:
    """Name and size; a link where the file can be had."""
    words = (
        f'<bdi class="file-name">{_name(one)}</bdi><span class="file-size" data-bytes="{one.size}"></span>'
    )
    if one.is_ready:
        return f'<a class="file-card" href="{_url(one)}" download="{_name(one)}">{words}</a>'
    return f'<span class="file-card">{words}<span class="file-state"></span></span>'


def _thumbnail(one: Attachment, width: int, height: int) -> str:
    source = reverse("file_thumbnail", args=[one.room_id, one.pk])
    return f'<img src="{source}" width="{width}" height="{height}" alt="{_name(one)}" loading="lazy" decoding="async">'


def _url(one: Attachment) -> str:
    return reverse("file", args=[one.room_id, one.pk])


def _name(one: Attachment) -> str:
    return escape(one.name)


_SHOWN: dict[str, Callable[[Attachment], str]] = {
    Attachment.Kind.IMAGE: _image,
    Attachment.Kind.VIDEO: _video,
    Attachment.Kind.AUDIO: _audio,
    Attachment.Kind.PDF: _pdf,
    Attachment.Kind.TEXT: _text,
}
