"""What a message said before."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat.places import place_for
from chat.sidebar import cards_of, people_of
from chat.versions import history_of
from chat.views import answers
from chat.views.room_page import names
from chat.views.shell import panel
from tenants.ids import encode


@require_safe
@member_required
@answers.answering
def versions(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The versions of a message with the words that changed, newest first: the panel, or a page of its own."""
    history = history_of(request.user, room_id, message_id)
    place = place_for(request.user, room_id)
    author_id = history.message.author_id
    cards = cards_of({author_id, *people_of(place.room.direct_key or "")})
    context = {
        "room": place.room,
        "author": cards.get(encode("p", author_id)),
        "history": history,
        **names(place, cards),
    }
    return panel(request, "chat/versions.html", context, room_id=room_id, people={author_id})
