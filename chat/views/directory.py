"""People: their cards as JSON (those a page met and does not know, and completion of names), and one as a panel."""

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from accounts.directory import card
from chat.access import room_for
from chat.directory import cards, complete, visible_people
from chat.views import answers
from chat.views.shell import panel, room_asked_for


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


@require_safe
@member_required
@answers.answering
def profile(request: Any, person_id: int) -> HttpResponse:
    """Who somebody is, as a panel: 404 for whom one may not know of."""
    person = visible_people(request.user).filter(pk=person_id).first()
    if person is None:
        raise Http404
    context = {
        "shown": card(person),
        "about": person,
        "title": person.name,
        "role_label": "" if person.role == "member" else person.get_role_display(),
        "is_oneself": person.pk == request.user.pk,
        "may_write": person.is_active and person.kind != "bot",
    }
    return panel(request, "chat/profile.html", context, room_id=room_asked_for(request))
