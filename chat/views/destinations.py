"""The rooms that a message can go to, as a form: for forwarding and for moving."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.safestring import mark_safe

from chat.models import Message
from chat.sidebar import lines_of
from chat.views.shell import panel, people_in


def destinations(request: Any, template: str, message: Message, context: Mapping[str, Any]) -> HttpResponse:
    """`template` with the person's open rooms, the latest first: the form for a dialog, or a page of its own.

    Whether they may write there is found out when they do. One query.
    """
    rooms = sorted(lines_of(request.user), key=lambda line: -line.moved_at)
    here = next((line.name for line in rooms if line.id == message.room_id), "")
    whole = {
        **context,
        "message": message,
        "message_html": mark_safe(message.html),  # noqa: S308 - drawn by chat.fragments
        "rooms": rooms,
        "title": here,
    }
    people = {message.author_id, *people_in([message.html])}
    return panel(request, template, whole, room_id=message.room_id, people=people)
