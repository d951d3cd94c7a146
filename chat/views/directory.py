"""Cards of people as JSON: those a page met and does not know, and completion of names."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat.access import room_for
from chat.directory import cards, complete
from chat.views import answers
from chat.views.shell import room_asked_for


@require_safe
@member_required
@answers.answering
def directory(request: Any) -> HttpResponse:
    """`?ids=p1,p2`: the cards of those one may know of. `?q=`: people whose name fits; `&room=r5` lists its members first."""
    if "ids" in request.GET:
        return JsonResponse({"people": cards(request.user, answers.ids("p", request.GET["ids"]))})
    room_id = room_asked_for(request)
    room = room_for(request.user, room_id) if room_id is not None else None
    return JsonResponse({"people": complete(request.user, answers.query(request), room)})
