"""Reactions over HTTP."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from chat.reactions import add_reaction, remove_reaction
from chat.views import answers


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def reaction(request: Any, room_id: int, message_id: int, emoji: str) -> HttpResponse:
    """POST: the person reacts with `emoji`. DELETE: they take it back. Again is as good as once."""
    if refused := answers.too_often(request, "react", *settings.POST_RATE):
        return refused
    change = remove_reaction if request.method == "DELETE" else add_reaction
    change(request.user, room_id, message_id, emoji)
    return HttpResponse(status=204)
