"""Slash commands over HTTP."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.access import member_required
from chat import commands as domain
from chat.messages import post_messages
from chat.places import place_for
from chat.posts import Post, Refused
from chat.views import answers
from chat.views.directs import MOST_OPENED
from chat.views.memberships import MOST_ADDED
from chat.views.messages import client_id_of, place_of, posted_fields

_ALSO_COUNTED = {"add": MOST_ADDED, "direct": MOST_OPENED}


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def commands(request: Any, room_id: int) -> HttpResponse:
    """GET: the commands that make sense here, for completion. POST: run the line `text`.

    What a command says is posted under the `client_id` of the request, so sending it again says it once.
    """
    place = place_for(request.user, room_id)
    if request.method != "POST":
        found = [
            {"name": one.name, "usage": str(one.usage), "help": str(one.help)}
            for one in domain.available(place)
        ]
        return JsonResponse({"commands": found})
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    client_id, line = client_id_of(request), request.POST.get("text", "")
    action = domain.command_of(line)[0].counts_as
    if action and (refused := answers.too_often(request, action, *_ALSO_COUNTED[action])):
        return refused
    match domain.run(place, line, client_id):
        case domain.Said() as said:
            return _post(request, room_id, client_id, said)
        case domain.Told(text, items):
            return JsonResponse({"kind": "told", "text": text, "items": items})
        case domain.Led(url):
            return JsonResponse({"kind": "led", "url": url})
        case domain.Opened(dialog):
            return JsonResponse({"kind": "opened", "dialog": dialog})


def _post(request: Any, room_id: int, client_id: uuid.UUID, said: domain.Said) -> HttpResponse:
    thread_id, also_in_room = place_of(request)
    post = Post(
        request.user.pk,
        room_id,
        client_id,
        said.text,
        thread_id=thread_id,
        also_in_room=also_in_room,
        new_list=said.new_list,
    )
    (answer,) = post_messages([post])
    if isinstance(answer, Refused):
        return answers.refusal(answer.code, answer.detail, answer.retry_after)
    fields = posted_fields(answer.message_id, answer.position, answer.revision)
    return JsonResponse({"kind": "posted", **fields}, status=201)
