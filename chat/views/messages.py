"""Messages over HTTP: windows of the timeline, posting without a socket, permalinks, editing, deleting, reading."""

import uuid
from collections.abc import Callable, Coroutine
from functools import lru_cache, partial
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import member_required
from accounts.organisation_settings import organisation_settings
from chat import changes, moving, timeline
from chat import messages as domain
from chat.access import message_for
from chat.models import Message, Room
from chat.places import place_for
from chat.posts import Post, Posted, Refused
from chat.unread import mark_read
from chat.views import answers
from chat.writer import writer_of
from tenants.awaited import Awaited, may_wait
from tenants.counting import count
from tenants.ids import encode


class TooOften(NamedTuple):
    """Nothing was stored: the person may post again after `wait` seconds."""

    wait: float


type Said = Posted | Refused | TooOften


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def messages(request: Any, room_id: int) -> HttpResponse:
    """GET: at most 50 fragments `before`, `after` or `around` a position, else the newest. POST: one more message."""
    return _post(request, room_id) if request.method == "POST" else _read(request, room_id)


def _read(request: Any, room_id: int) -> HttpResponse:
    room = place_for(request.user, room_id).room
    window = _asked_for(request, room)
    headers = {
        "X-Has-Older": str(int(window.has_older)),
        "X-Has-Newer": str(int(window.has_newer)),
        "X-Revision": str(
            room.head
        ),  # read before the window: nothing falls between it and the socket's frames
        "X-Messages": str(room.messages),
    }
    return HttpResponse(window.html, headers=headers)


def _asked_for(request: Any, room: Room) -> timeline.Window:
    for name in ("before", "after", "around"):
        if name in request.GET:
            window: timeline.Window = getattr(timeline, name)(room, answers.number(request.GET[name]))
            return window
    return timeline.newest(room)


def _post(request: Any, room_id: int) -> HttpResponse:
    counted = not may_wait(request)
    if counted and (refused := answers.too_often(request, "post", *settings.POST_RATE)):
        return refused
    plain_form = answers.is_navigation(request)
    try:
        post = _post_of(request, room_id, plain_form)
    except answers.Malformed:
        if not counted and (refused := answers.too_often(request, "post", *settings.POST_RATE)):
            return refused
        raise
    said = partial(_answer, _page_of(post) if plain_form else "")
    if not counted:
        return Awaited(request, _begin(request, post), said)
    (answer,) = domain.post_messages([post])
    return said(answer)


def _post_of(request: Any, room_id: int, plain_form: bool) -> Post:
    """What the form says. Raises Malformed."""
    client_id = uuid.uuid4() if plain_form and not request.POST.get("client_id") else client_id_of(request)
    thread_id, also_in_room = place_of(request)
    files = answers.file_ids(request.POST.get("files"))
    text = request.POST.get("text", "")
    names = request.user.pk, room_id, client_id
    return Post(*names, text, files, thread_id, also_in_room, language=request.LANGUAGE_CODE)


def _begin(request: Any, post: Post) -> Callable[[], Coroutine[Any, Any, Said]]:
    """What happens to `post` in the event loop: it is counted, and stored, together with what others post at the same time."""
    organisation, hit = request.organisation, answers.hit_of(request, "post", *settings.POST_RATE)

    async def begin() -> Said:
        if wait := await count(hit, request.others_come):
            return TooOften(wait)
        return await writer_of(organisation).submit(post, by_form=request.others_come)

    return begin


def _page_of(post: Post) -> str:
    if post.thread_id:
        return _path(get_script_prefix(), "thread", post.room_id, post.thread_id)
    return _path(get_script_prefix(), "room", post.room_id)


@lru_cache(1000)
def _path(prefix: str, name: str, *ids: int) -> str:
    """The path of a page, which Django makes as slowly each time, with its `prefix`."""
    return reverse(name, args=ids)


def _answer(back: str, answer: Said) -> HttpResponse:
    """For scripts, or a redirect `back` to the page with the form."""
    if isinstance(answer, TooOften):
        return answers.slower(answer.wait)
    if back and (isinstance(answer, Posted) or answer.code == "empty"):
        return HttpResponseRedirect(back)
    if isinstance(answer, Refused):
        return answers.refusal(answer.code, answer.detail, answer.retry_after)
    fields = posted_fields(answer.message_id, answer.position, answer.revision)
    if answer.outside:
        fields["outside"] = [encode("p", one) for one in answer.outside]
    return JsonResponse(fields, status=201)


def client_id_of(request: Any) -> uuid.UUID:
    """The browser's name for what it posts. Raises Malformed."""
    try:
        return uuid.UUID(request.POST.get("client_id", ""))
    except ValueError:
        raise answers.Malformed("A post has a client_id, a UUID.") from None


def place_of(request: Any) -> tuple[int | None, bool]:
    """In which message's thread a post replies, if it does, and whether it is to stand in the room as well."""
    if not request.POST.get("thread"):
        return None, False
    return answers.message_id(request.POST["thread"]), request.POST.get("also_in_room") == "1"


def posted_fields(message_id: int, position: int, revision: int) -> dict[str, object]:
    """What a page is told of a message that is stored."""
    return {"id": encode("m", message_id), "position": position, "revision": revision}


@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
@member_required
@answers.answering
def message(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """GET: the permalink, which leads to the room around the message, on to where it was moved. POST edits the text, DELETE leaves a tombstone."""
    if request.method == "DELETE":
        changes.delete_message(request.user, room_id, message_id)
        return HttpResponse(status=204)
    if request.method == "POST":
        return _edit(request, room_id, message_id)
    url = f"{reverse('room', args=[room_id])}?message={encode('m', message_id)}"
    if moving.place_of(request.user, room_id, message_id) is None:
        message_for(request.user, room_id, message_id)
    return redirect(url)


def _edit(request: Any, room_id: int, message_id: int) -> HttpResponse:
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    edited = changes.edit_message(request.user, room_id, message_id, request.POST.get("text", ""))
    return JsonResponse(posted_fields(edited.pk, edited.position or 0, edited.revision))


@require_safe
@member_required
@answers.answering
def message_source(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """What the author typed, to edit it or to quote it; `too_late` says that it can't be edited any more."""
    found = message_for(request.user, room_id, message_id)
    if found.deleted_at is not None:
        raise Message.DoesNotExist
    late = changes.is_too_late(found, organisation_settings().edit_window)
    return JsonResponse({"text": found.text, "revision": found.revision, "too_late": late})


@require_POST
@member_required
@answers.answering
def read(request: Any, room_id: int) -> HttpResponse:
    """The person has read the room up to `position`. A page that says so by itself says the `turn` that it knows."""
    position = answers.number(request.POST.get("position", ""))
    turn = answers.number(request.POST["turn"]) if request.POST.get("turn") else None
    if mark_read(request.user.pk, room_id, position, turn) is None:
        raise Room.DoesNotExist
    return HttpResponse(status=204)
