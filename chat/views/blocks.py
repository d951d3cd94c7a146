"""Blocking in direct messages: from somebody's profile, and the list of whom one has blocked."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from chat import blocks as domain
from chat.directory import visible_people
from chat.views import answers
from chat.views.directory import profile_panel

MOST_CHANGED = (60, 600)  # in so many seconds


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def blocks(request: Any) -> HttpResponseBase:
    """GET: whom one has blocked. POST `unblock=p3`: no more; `next=r5` leads back to that room."""
    if request.method == "POST":
        for person_id in answers.ids("p", request.POST.get("unblock", "")):
            domain.unblock(request.user, person_id)
        room_id = answers.ids("r", request.POST.get("next", ""))
        return redirect(reverse("room", args=[room_id[0]]) if room_id else "blocks")
    return render(request, "chat/blocks.html", {"blocked": domain.blocked_by(request.user)})


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def block(request: Any, person_id: int) -> HttpResponse:
    """POST blocks the person, DELETE unblocks them; answered by the profile as it is then."""
    if refused := answers.too_often(request, "block", *MOST_CHANGED):
        return refused
    if request.method == "DELETE":
        domain.unblock(request.user, person_id)
    else:
        other = visible_people(request.user).filter(pk=person_id).first()
        if other is None:
            raise Http404
        domain.block(request.user, other)
    return profile_panel(request, person_id)
