"""Direct messages: choosing people, and opening the one room they share."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from chat import rooms as domain
from chat.directory import complete
from chat.room_names import RoomRefused
from chat.views import answers
from chat.views.shell import page
from tenants.ids import encode

MOST_OPENED = (60, 600)  # in so many seconds


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def directs(request: Any) -> HttpResponse:
    """GET: whom to write to; `?people=p3` are chosen already. POST `people=p1,p2`: open their room."""
    if request.method != "POST":
        return _chooser(request, request.GET.get("people", ""))
    if refused := answers.too_often(request, "direct", *MOST_OPENED):
        return refused
    chosen = request.POST.get("people", "")
    try:
        people = answers.ids("p", chosen)
        if not people:
            raise RoomRefused("nobody", _("Choose somebody to write to."))
        room = domain.open_direct(request.user, people)
    except RoomRefused as refusal:
        return _chooser(request, chosen, error=refusal.detail)
    return answers.lead_to(request, reverse("room", args=[room.pk]))


def _chooser(request: Any, chosen: str, *, error: str = "") -> HttpResponse:
    me = encode("p", request.user.pk)
    recent = [card for card in complete(request.user, "") if card["id"] != me]
    context = {"recent": recent, "error": error, "value": chosen[:400]}
    return page(request, "chat/directs.html", context, status=422 if error else 200)
