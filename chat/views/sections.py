"""The sections of a person's sidebar: making, naming, ordering and closing them, and which room stands where."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import member_required
from chat import sections as domain
from chat.views import answers
from tenants.ids import decode

_DONE = 204


@require_POST
@member_required
@answers.answering
def sections(request: Any) -> HttpResponse:
    """A new section called `name`, with `room` in it."""
    room = _id("r", request.POST.get("room", ""))
    domain.create_section(request.user, request.POST.get("name", ""), room)
    return HttpResponse(status=_DONE)


@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
@member_required
@answers.answering
def section(request: Any, section_id: int) -> HttpResponse:
    """GET: the menu of one's own section. POST renames it (`name`) or puts it before another (`before`, "" for last).
    DELETE: its rooms go back."""
    person = request.user
    if request.method == "DELETE":
        domain.delete_section(person, section_id)
    elif "name" in request.POST:
        domain.rename_section(person, section_id, request.POST["name"])
    elif request.method == "POST":
        domain.order_section(person, section_id, _id("s", request.POST.get("before", "")))
    else:
        return _menu(request, section_id)
    return HttpResponse(status=_DONE)


def _menu(request: Any, section_id: int) -> HttpResponse:
    own = domain.own_sections(request.user)
    keys = [one.pk for one in own]
    if section_id not in keys:
        raise domain.Section.DoesNotExist
    up, down = domain.steps(keys, section_id)
    context = {"section": own[keys.index(section_id)], "up": up, "down": down}
    return render(request, "chat/section_menu.html", context)


@require_POST
@member_required
@answers.answering
def sections_closed(request: Any) -> HttpResponse:
    """Close (`closed=1`) or open a section: s3, favourites, rooms or directs."""
    named, closed = request.POST.get("section", ""), request.POST.get("closed")
    if closed not in ("0", "1"):
        raise answers.Malformed("0 or 1.")
    domain.close_section(request.user, _named(named) or "", closed == "1")
    return HttpResponse(status=_DONE)


@require_POST
@member_required
@answers.answering
def room_place(request: Any, room_id: int) -> HttpResponse:
    """Put the room into `section` (s3, favourites, or "" for none) before another room, or last."""
    named, before = request.POST.get("section", ""), _id("r", request.POST.get("before", ""))
    where = _named(named)
    if isinstance(where, str) and where != domain.FAVOURITES:
        raise answers.Malformed("There is no such section.")
    domain.place_room(request.user, room_id, where, before)
    return HttpResponse(status=_DONE)


def _named(text: str) -> str | int | None:
    """`_named("s3") == 3`; what everybody has by its kind; None for nothing."""
    return _id("s", text) if text[1:].isdecimal() else text or None


def _id(kind: str, text: str) -> int | None:
    try:
        return decode(kind, text) if text else None
    except ValueError:
        raise answers.Malformed("That is named by a letter and a number.") from None
