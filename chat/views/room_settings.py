"""The settings of a room: seen and changed by those who look after it."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import member_required
from accounts.organisation_settings import organisation_settings
from chat import room_settings as domain
from chat.access import may_administer
from chat.places import place_for
from chat.room_names import NotAllowed, RoomRefused
from chat.views import answers
from chat.views.shell import panel


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def room_settings(request: Any, room_id: int) -> HttpResponse:
    """The settings' panel; POST saves all that is in its form."""
    refusal: RoomRefused | None = None
    if request.method == "POST":
        try:
            domain.settle_room(request.user, room_id, **_form(request, room_id))
        except NotAllowed:
            raise
        except RoomRefused as refused:
            refusal = refused
    return _panel(request, room_id, refusal)


@require_POST
@member_required
@answers.answering
def room_privacy(request: Any, room_id: int) -> HttpResponse:
    """Make the room private."""
    domain.make_private(request.user, room_id)
    return answers.lead_to(request, reverse("room", args=[room_id]))


def _form(request: Any, room_id: int) -> dict[str, Any]:
    given = request.POST
    wanted: dict[str, Any] = {
        "description": given.get("description", ""),
        "announcements": "announcements" in given,
        "open_replies": "open_replies" in given,
        "slow_seconds": answers.number(given.get("slow_seconds", "0")),
    }
    if request.user.is_administrator and "retention_days" in given:
        period = given["retention_days"]
        wanted["retention_days"] = period if period == domain.AS_OTHERS else answers.number(period)
    if domain.may_welcome(request.user, place_for(request.user, room_id).room):
        wanted["for_newcomers"] = "for_newcomers" in given
    return wanted


def _panel(request: Any, room_id: int, refusal: RoomRefused | None) -> HttpResponse:
    person, room = request.user, place_for(request.user, room_id).room
    if not may_administer(person, room):
        raise NotAllowed(_("Only the room's creator and administrators change its settings."))
    context = {
        "room": room,
        "title": room.name,
        "description": request.POST.get("description", room.description),
        "paces": domain.PACES.items(),
        "periods": domain.PERIODS if person.is_administrator else (),
        "usually": dict(domain.PERIODS).get(organisation_settings().retention_days, ""),
        "may_welcome": domain.may_welcome(person, room),
        "may_make_private": domain.may_make_private(person, room) and not room.is_archived,
        "error": refusal.detail if refusal else "",
        "saved": request.method == "POST" and refusal is None,
    }
    status = answers.status_of(refusal.code) if refusal else 200
    return panel(request, "chat/room_settings.html", context, room_id=room_id, status=status)
