"""The menu of what a person makes of a room for themselves: favourite, muted, of what they are told, its section."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from accounts.models import Notify
from chat import preferences as domain
from chat import sections
from chat.views import answers
from tenants.ids import encode

_SWITCH = {"0": False, "1": True}


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def room_preferences(request: Any, room_id: int) -> HttpResponse:
    """GET: the menu's items. POST `favourite`, `muted` (0 or 1) or `notify` (a level, or "default") changes them."""
    if request.method == "POST":
        domain.prefer(
            request.user,
            room_id,
            favourite=_switch(request, "favourite"),
            muted=_switch(request, "muted"),
            notify=request.POST.get("notify"),
        )
        return HttpResponse(status=204)
    return _menu(request, room_id)


def _menu(request: Any, room_id: int) -> HttpResponse:
    person = request.user
    membership = domain.preferences_of(person, room_id)
    order = sections.neighbours(person, membership)
    up, down = sections.steps(order, room_id) if room_id in order else (None, None)
    own = "" if membership.section_id is None else encode("s", membership.section_id)
    context = {
        "membership": membership,
        "room": membership.room,
        "room_key": encode("r", room_id),
        "levels": [(value, label, _holds(membership, value)) for value, label in Notify.choices],
        "default": Notify(person.notify).label,
        "sections": sections.own_sections(person),
        "where": sections.FAVOURITES if membership.favourite else own,
        "up": up,
        "down": down,
    }
    return render(request, "chat/room_menu.html", context)


def _holds(membership: Any, level: str) -> bool:
    return bool(membership.notify_chosen and membership.notify == level)


def _switch(request: Any, name: str) -> bool | None:
    if name not in request.POST:
        return None
    if request.POST[name] not in _SWITCH:
        raise answers.Malformed("0 or 1.")
    return _SWITCH[request.POST[name]]
