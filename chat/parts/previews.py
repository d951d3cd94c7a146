"""The cards of the pages that a message links to."""

import html
from collections import defaultdict
from collections.abc import Collection

from chat.models import LinkPreview, MessagePreview


def draw(message_ids: Collection[int]) -> dict[int, str]:
    """The cards of these messages that are known and were not removed. One query."""
    rows = (
        MessagePreview.objects.filter(
            message_id__in=message_ids, removed_at__isnull=True, preview__state=LinkPreview.State.READY
        )
        .select_related("preview")
        .order_by("message_id", "number")
    )
    found: defaultdict[int, str] = defaultdict(str)
    for row in rows:
        found[row.message_id] += _card(row.preview)
    return dict(found)


def _card(preview: LinkPreview) -> str:
    address = html.escape(preview.url)
    title, site = html.escape(preview.title), html.escape(preview.site)
    description = (
        f'<p class="preview-text" dir="auto">{html.escape(preview.description)}</p>'
        if preview.description
        else ""
    )
    return (
        f'<aside class="link-preview" data-preview="l{preview.pk}"><div class="preview-words">'
        f'<span class="preview-site">{site}</span><a class="preview-title" dir="auto" target="_blank"'
        f' rel="noopener nofollow ugc" href="{address}">{title}</a>{description}</div>{_picture(preview)}</aside>'
    )


def _picture(preview: LinkPreview) -> str:
    """With its size, so that nothing moves when it comes."""
    if not preview.picture:
        return ""
    return (
        f'<img class="preview-picture" src="/link-previews/l{preview.pk}/{preview.picture_version}.webp"'
        f' width="{preview.width}" height="{preview.height}" alt="" loading="lazy">'
    )
