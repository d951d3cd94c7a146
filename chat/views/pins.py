"""The pins of a room, and pinning."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import member_required
from chat.pins import may_pin, pin_message, pinned_messages, unpin_message
from chat.sidebar import cards_of, direct_title, people_of
from chat.views import answers
from chat.views.shell import panel, people_in


@require_safe
@member_required
@answers.answering
def pins(request: Any, room_id: int) -> HttpResponse:
    """What is pinned, in the order in which it was: the panel, or a page of its own."""
    room, messages = pinned_messages(request.user, room_id)
    fragments = [message.html for message in messages]
    people = {message.author_id for message in messages} | people_in(fragments)
    key = room.direct_key or ""
    context = {
        "room": room,
        "title": direct_title(key, request.user, cards_of(people_of(key))) if key else room.name,
        "may_pin": may_pin(request.user, room),
        "pins": [(message.pk, mark_safe(message.html)) for message in messages],  # noqa: S308 - by chat.text
    }
    return panel(request, "chat/pins.html", context, room_id=room_id, people=people)


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def pin(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """POST pins the message for everybody in the room, DELETE takes the pin away. Again is as good as once."""
    if refused := answers.too_often(request, "pin", *settings.POST_RATE):
        return refused
    change = unpin_message if request.method == "DELETE" else pin_message
    change(request.user, room_id, message_id)
    return HttpResponse(status=204, headers={"HX-Trigger": "parley:pins"})
