"""Forwarding a message: choosing the room, and doing it."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from chat.access import message_for
from chat.forwarding import forward_message
from chat.models import Message
from chat.views import answers
from chat.views.destinations import destinations
from chat.views.messages import client_id_of
from tenants.ids import encode


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def forwards(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """GET: the form. POST posts the message in `room`, below a `text` of one's own; `client_id` makes it safe to repeat."""
    if request.method == "POST":
        return _forward(request, room_id, message_id)
    message = message_for(request.user, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    return destinations(request, "chat/forward.html", message, {"client_id": uuid.uuid4()})


def _forward(request: Any, room_id: int, message_id: int) -> HttpResponse:
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    to_room_id = answers.room_id(request.POST.get("room", ""))
    client_id, text = client_id_of(request), request.POST.get("text", "")
    posted = forward_message(request.user, room_id, message_id, to_room_id, client_id, text)
    url = f"{reverse('room', args=[to_room_id])}?message={encode('m', posted.message_id)}"
    if answers.is_navigation(request):
        return redirect(url)
    return JsonResponse({"id": encode("m", posted.message_id), "url": url}, status=201)
