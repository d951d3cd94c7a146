"""Who is in a room: joining and leaving oneself, seeing, adding and removing others."""

from typing import Any

from django.db.models.functions import Lower
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from accounts.directory import card
from chat import rooms as domain
from chat.access import room_for
from chat.memberships import may_leave, may_remove
from chat.models import Membership, Room
from chat.places import Place, place_for
from chat.room_names import NotAllowed, RoomRefused
from chat.sidebar import cards_of, people_of
from chat.views import answers
from chat.views.room_page import names
from chat.views.shell import panel

MOST_SHOWN = 500
MOST_ADDED = (60, 600)  # requests in so many seconds


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def membership(request: Any, room_id: int) -> HttpResponse:
    """POST: join the room. DELETE: leave it."""
    room_url = reverse("room", args=[room_id])
    if request.method == "POST":
        domain.join_room(request.user, room_id)
        return answers.lead_to(request, room_url)
    room = domain.leave_room(request.user, room_id)
    stays = room.kind == Room.Kind.PUBLIC and not request.user.is_guest
    return HttpResponse(status=204, headers={"HX-Redirect": room_url if stays else reverse("workspace")})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def memberships(request: Any, room_id: int) -> HttpResponse:
    """The members' panel, filtered by `q`; POST adds `people`."""
    added, error = 0, ""
    if request.method == "POST":
        if refused := answers.too_often(request, "add", *MOST_ADDED):
            return refused
        try:
            people = answers.ids("p", request.POST.get("people", ""))
            added = len(domain.add_members(request.user, room_id, people))
        except NotAllowed:
            raise
        except RoomRefused as refusal:
            error = refusal.detail
    return _panel(request, room_id, added=added, error=error)


@require_http_methods(["DELETE"])
@member_required
@answers.answering
def room_member(request: Any, room_id: int, person_id: int) -> HttpResponse:
    """Remove somebody; the answer is the panel as it is then."""
    domain.remove_member(request.user, room_id, person_id)
    try:
        room_for(request.user, room_id)
    except Room.DoesNotExist:  # they removed themselves from a private room
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("workspace")})
    return _panel(request, room_id)


def _panel(request: Any, room_id: int, *, added: int = 0, error: str = "") -> HttpResponse:
    place, query = place_for(request.user, room_id), answers.query(request)
    members = _members(place, query)
    context = {
        "room": place.room,
        "members": members[:MOST_SHOWN],
        "more": len(members) > MOST_SHOWN,
        "members_count": place.members_count,
        "may_add": place.may_add,
        "query": query,
        "added": added,
        "error": error,
        **names(place, cards_of(people_of(place.room.direct_key)) if place.room.direct_key else {}),
    }
    return panel(request, "chat/members.html", context, room_id=room_id, status=422 if error else 200)


def _members(place: Place, query: str) -> list[dict[str, Any]]:
    """The members' cards by name, one more than are shown. One query."""
    present = Membership.objects.filter(
        room=place.room, left_at__isnull=True, person__name__icontains=query
    ).select_related("person")
    removes = may_remove(place.person, place.room)
    shown: list[dict[str, Any]] = []
    for member in present.order_by(Lower("person__name"), "person_id")[: MOST_SHOWN + 1]:
        person = member.person
        label = "" if person.role == "member" else person.get_role_display()
        removable = removes and person.pk != place.person.pk and may_leave(person, place.room)
        shown.append({**card(person), "role_label": label, "removable": removable})
    return shown
