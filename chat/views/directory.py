"""People: their cards as JSON (those a page met and does not know, and completion of names), and one as a panel."""

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from accounts.directory import card
from accounts.profile_fields import lines_of
from chat import blocks
from chat.access import room_for
from chat.directory import cards, complete, complete_groups, members_of, visible_groups, visible_people
from chat.views import answers
from chat.views.shell import panel, room_asked_for

MOST_MEMBERS = 500


@require_safe
@member_required
@answers.answering
def directory(request: Any) -> HttpResponse:
    """`?ids=p1,p2`: the cards of those one may know of. `?q=`: people whose name fits; `&room=r5` lists its members
    first, and brings groups."""
    if "ids" in request.GET:
        return JsonResponse({"people": cards(request.user, answers.ids("p", request.GET["ids"]))})
    room_id = room_asked_for(request)
    room = room_for(request.user, room_id) if room_id is not None else None
    query = answers.query(request)
    found: dict[str, Any] = {"people": complete(request.user, query, room)}
    if room is not None:  # somebody writes there: groups can be named too
        found["groups"] = complete_groups(request.user, query)
    return JsonResponse(found)


@require_safe
@member_required
@answers.answering
def profile(request: Any, person_id: int) -> HttpResponse:
    """Who somebody is, as a panel: 404 for whom one may not know of."""
    return profile_panel(request, person_id)


def profile_panel(request: Any, person_id: int) -> HttpResponse:
    """The profile as it is now."""
    person = visible_people(request.user).filter(pk=person_id).first()
    if person is None:
        raise Http404
    is_oneself = person.pk == request.user.pk
    context = {
        "shown": card(person),
        "about": person,
        "title": person.name,
        "role_label": "" if person.role == "member" else person.get_role_display(),
        "is_oneself": is_oneself,
        "may_write": person.is_active and person.kind != "bot",
        "lines": lines_of(person),
        "has_blocked": not is_oneself and blocks.has_blocked(request.user, person.pk),
    }
    return panel(request, "chat/profile.html", context, room_id=room_asked_for(request))


@require_safe
@member_required
@answers.answering
def group(request: Any, group_id: int) -> HttpResponse:
    """Who is in a group, as a panel: 404 for one that one may not know of. A guest sees only people they know of."""
    found = visible_groups(request.user).get(pk=group_id)
    people = [
        {**card(person), "role_label": "" if person.role == "member" else person.get_role_display()}
        for person in members_of(request.user, group_id)[:MOST_MEMBERS]
    ]
    context = {"group": found, "title": f"@{found.handle}", "members": people}
    return panel(request, "chat/group.html", context, room_id=room_asked_for(request))
