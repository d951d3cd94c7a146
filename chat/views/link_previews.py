"""The cards of links: their pictures, and taking one away from a message."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import member_required
from chat.link_previews import attached
from chat.views import answers


@require_safe
@member_required
@answers.answering
def preview_picture(request: Any, preview_id: int, preview_version: str) -> HttpResponse:
    """A card's picture, for who may read a message that shows it. A version never changes, so the reader's browser (and
    nobody between) may keep it."""
    name = attached.picture_for(request.user, preview_id, preview_version)
    try:
        with default_storage.open(name, "rb") as file:
            content = file.read()  # 480 pixels a side: some kilobytes
    except FileNotFoundError:
        raise Http404 from None
    return HttpResponse(
        content,
        content_type="image/webp",
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


@require_http_methods(["DELETE"])
@member_required
@answers.answering
def message_preview(request: Any, room_id: int, message_id: int, preview_id: int) -> HttpResponse:
    """DELETE takes the card away from the message."""
    attached.remove(request.user, room_id, message_id, preview_id)
    return HttpResponse(status=204)
