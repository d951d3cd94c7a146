"""What people chose below messages: one's own, for pages whose fragments don't say it, and who everybody was."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat.choices import choices_of, chosers_of
from chat.places import place_for
from chat.sidebar import cards_of, people_of
from chat.views import answers
from chat.views.room_page import names
from chat.views.shell import panel
from tenants.ids import encode


@require_safe
@member_required
@answers.answering
def choices(request: Any) -> HttpResponse:
    """`?messages=m1,m2`: with which emoji the person reacted to these messages, and for which options they voted."""
    found = choices_of(request.user, answers.message_ids(request.GET.get("messages", "")))
    shown = {
        encode("m", one): {"emoji": chosen.emoji, "options": chosen.options} for one, chosen in found.items()
    }
    return JsonResponse({"choices": shown})


@require_safe
@member_required
@answers.answering
def chosers(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The panel of who reacted to a message, and who voted in its poll."""
    place = place_for(request.user, room_id)
    message, chosen = chosers_of(request.user, room_id, message_id)
    context = {
        "room": place.room,
        "message": message,
        "chosen": chosen,
        **names(place, cards_of(people_of(place.room.direct_key or ""))),
    }
    return panel(request, "chat/chosers.html", context, room_id=room_id)
