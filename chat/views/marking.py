"""Marking unread from a message on, marking everything read, and undoing that."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import member_required
from chat import marking
from chat.views import answers
from chat.views.catch_up import room_place, thread_place
from tenants.ids import decode, encode

MOST_MARKED = (120, 60)  # in so many seconds
_MOST_MOVED = 10_000


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def room_unread(request: Any, room_id: int) -> HttpResponse:
    """GET: what is unread, as the page for catching up shows it. POST: from `message=m12` on the room is unread;
    answers as the frame `unread`."""
    if request.method != "POST":
        return room_place(request, room_id)
    if refused := answers.too_often(request, "mark", *MOST_MARKED):
        return refused
    message_id = answers.message_id(request.POST.get("message", ""))
    return JsonResponse(marking.mark_unread(request.user, room_id, message_id).fields())


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def thread_unread(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """GET: what is unread of the message's thread, as the page for catching up shows it. POST: from this reply on the
    thread is unread; answers as the frame `thread_unread`."""
    if request.method != "POST":
        return thread_place(request, room_id, message_id)
    if refused := answers.too_often(request, "mark", *MOST_MARKED):
        return refused
    return JsonResponse(marking.mark_replies_unread(request.user, room_id, message_id).fields())


@require_POST
@member_required
@answers.answering
def read(request: Any) -> HttpResponse:
    """Everything is read; answers with what `unread` takes to undo it."""
    if refused := answers.too_often(request, "mark", *MOST_MARKED):
        return refused
    done = marking.mark_all_read(request.user)
    return JsonResponse(
        {
            "rooms": _written("r", done.rooms),
            "threads": _written("m", done.threads),
            "mentions": ",".join(encode("m", one) for one in done.mentions),
            "at": done.at.isoformat() if done.at else "",
        }
    )


@require_POST
@member_required
@answers.answering
def unread(request: Any) -> HttpResponse:
    """Undo `read`, with what it answered."""
    if refused := answers.too_often(request, "mark", *MOST_MARKED):
        return refused
    rooms, threads = (
        _moved(kind, request.POST.get(name, "")) for kind, name in (("r", "rooms"), ("m", "threads"))
    )
    mentions = [
        answers.message_id(one) for one in request.POST.get("mentions", "").split(",")[:_MOST_MOVED] if one
    ]
    at = _moment(request.POST.get("at", ""))
    marking.mark_unread_again(request.user, marking.AllRead(rooms, threads, mentions, at))
    return HttpResponse(status=204)


def _moment(text: str) -> datetime | None:
    """When it was, to the microsecond; None where that was not said. Raises Malformed."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise answers.Malformed(_("There is nothing to undo."))
    return at


def _written(kind: str, moved: Collection[marking.Moved]) -> str:
    """`r5:3:10,r6:0:2`: read up to 3 before, up to 10 now."""
    return ",".join(f"{encode(kind, one)}:{was}:{now}" for one, was, now in moved)


def _moved(kind: str, text: str) -> list[marking.Moved]:
    """What `_written` wrote. Raises Malformed."""
    parts = text.split(",") if text else []
    if len(parts) > _MOST_MOVED:
        raise answers.Malformed(_("This is too much at once."))
    try:
        split = [part.split(":") for part in parts]
        return [(decode(kind, one), answers.number(was), answers.number(now)) for one, was, now in split]
    except ValueError:
        raise answers.Malformed(_("There is nothing to undo.")) from None
