"""Moving a message: choosing the room, and doing it."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from chat.access import message_for
from chat.models import Message
from chat.moving import move_message
from chat.views import answers
from chat.views.destinations import destinations
from tenants.ids import encode


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def moves(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """GET: the form. POST moves the message, with its thread, to `room`."""
    if request.method == "POST":
        return _move(request, room_id, message_id)
    message = message_for(request.user, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    replies = Message.objects.filter(thread_id=message.pk, deleted_at__isnull=True).count()
    return destinations(request, "chat/move.html", message, {"without": room_id, "replies": replies})


def _move(request: Any, room_id: int, message_id: int) -> HttpResponse:
    if refused := answers.too_often(request, "move", *settings.POST_RATE):
        return refused
    moved = move_message(request.user, room_id, message_id, answers.room_id(request.POST.get("room", "")))
    url = f"{reverse('room', args=[moved.room_id])}?message={encode('m', moved.pk)}"
    if answers.is_navigation(request):
        return redirect(url)
    return JsonResponse({"id": encode("m", moved.pk), "url": url})
