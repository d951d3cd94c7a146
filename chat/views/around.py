"""Who is around now."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import member_required
from accounts.directory import card
from chat import presence
from chat.directory import people_around
from chat.views.shell import page

MOST = 200


@require_safe
@member_required
def around(request: Any) -> HttpResponse:
    """The people with a page open, of those whose presence one may know; for htmx the list alone. Two queries at most."""
    found = people_around(request.user, presence.around(request.organisation))
    context = {"around": [{"card": card(one), "about": one} for one in found[:MOST]], "count": len(found)}
    if request.htmx:
        return render(request, "chat/around.html#list", context)
    return page(request, "chat/around.html", context)
