"""Who has read: the state of a room after a page lost its connection, and the readers of one's own message."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from accounts.directory import card
from chat import receipts
from chat.places import place_for
from chat.sidebar import cards_of, people_of
from chat.views import answers
from chat.views.room_page import names
from chat.views.shell import panel


@require_safe
@member_required
@answers.answering
def seen(request: Any, room_id: int) -> HttpResponse:
    """As the frame `seen`; 404 where nobody is told."""
    return JsonResponse(receipts.seen_in(request.user, room_id).fields())


@require_safe
@member_required
@answers.answering
def readers(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The panel of who has read one's own message, and who not yet."""
    place = place_for(request.user, room_id)
    message, read, others = receipts.readers_of(request.user, room_id, message_id)
    most = receipts.MOST_READERS
    context = {
        "room": place.room,
        "message": message,
        "read": [card(one) for one in read[:most]],
        "waiting": [card(one) for one in others[:most]],
        "read_count": len(read),
        "waiting_count": len(others),
        "more": len(read) > most or len(others) > most,
        **names(place, cards_of(people_of(place.room.direct_key or ""))),
    }
    return panel(request, "chat/readers.html", context, room_id=room_id)
