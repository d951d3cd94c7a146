"""Polls and to-do lists over HTTP: posting, voting, adding, closing; ticking and arranging."""

from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import member_required
from chat import polls, todos
from chat.listing import ListRefused, NewList, new_poll, new_todo
from chat.messages import post_messages
from chat.places import place_for
from chat.posts import Post, Refused
from chat.views import answers
from chat.views.messages import client_id_of, place_of, posted_fields

_ITEMS = msgspec.json.Decoder(list[tuple[int | None, str]])
_BEFORE = msgspec.json.Decoder(list[tuple[int, str]])


@require_POST
@member_required
@answers.answering
def new_lists(request: Any, room_id: int) -> HttpResponse:
    """Post a message with a poll (`options`, one a line) or a to-do list (`items`) below its `text`."""
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    place_for(request.user, room_id)  # 404 comes before anything that could be said of the list
    try:
        wanted = _wanted(request)
    except ListRefused as unfit:
        return answers.refusal(unfit.code, unfit.detail)
    thread_id, also_in_room = place_of(request)
    post = Post(
        request.user.pk,
        room_id,
        client_id_of(request),
        request.POST.get("text", ""),
        thread_id=thread_id,
        also_in_room=also_in_room,
        new_list=wanted,
    )
    (answer,) = post_messages([post])
    if isinstance(answer, Refused):
        return answers.refusal(answer.code, answer.detail, answer.retry_after)
    return JsonResponse(posted_fields(answer.message_id, answer.position, answer.revision), status=201)


def _wanted(request: Any) -> NewList:
    sent = request.POST
    if "items" in sent:
        return new_todo(sent["items"].splitlines())
    return new_poll(
        sent.get("options", "").splitlines(),
        multiple=sent.get("multiple") == "1",
        anonymous=sent.get("anonymous") == "1",
        is_open=sent.get("open") == "1",
        minutes=answers.number(sent.get("minutes") or "0"),
    )


@require_POST
@member_required
@answers.answering
def poll(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """One more option, `text`."""
    if refused := answers.too_often(request, "vote", *settings.POST_RATE):
        return refused
    polls.add_option(request.user, room_id, message_id, request.POST.get("text", ""))
    return HttpResponse(status=204)


@require_POST
@member_required
@answers.answering
def poll_closing(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The poll ends."""
    polls.close_poll(request.user, room_id, message_id)
    return HttpResponse(status=204)


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def poll_vote(request: Any, room_id: int, message_id: int, number: int) -> HttpResponse:
    """POST: the person chooses an option. DELETE: they take it back. Again is as good as once. Answers all their `options`."""
    if refused := answers.too_often(request, "vote", *settings.POST_RATE):
        return refused
    change = polls.unvote if request.method == "DELETE" else polls.vote
    return JsonResponse({"options": change(request.user, room_id, message_id, number)})


@require_POST
@member_required
@answers.answering
def todo(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """The list becomes `items`, a JSON list of [number or null, text] in their order; `before` is what the person saw."""
    if refused := answers.too_often(request, "vote", *settings.POST_RATE):
        return refused
    try:
        before = _BEFORE.decode(request.POST.get("before", ""))
        wanted = _ITEMS.decode(request.POST.get("items", ""))
    except msgspec.DecodeError:
        raise answers.Malformed("`items` and `before` are pairs of a number or null and a text.") from None
    todos.arrange(request.user, room_id, message_id, before, wanted)
    return HttpResponse(status=204)


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def todo_tick(request: Any, room_id: int, message_id: int, number: int) -> HttpResponse:
    """POST: the item is done. DELETE: it is not."""
    if refused := answers.too_often(request, "vote", *settings.POST_RATE):
        return refused
    todos.tick(request.user, room_id, message_id, number, done=request.method == "POST")
    return HttpResponse(status=204)
