"""What somebody saved for later: saving, being done with it, and the list."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import member_required
from chat import saved as domain
from chat.models import Message
from chat.sidebar import Cards, cards_of, direct_title, people_of
from chat.views import answers
from chat.views.shell import people_in, shell
from tenants.ids import encode


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def saved_message(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """POST saves the message for later, with `state=done` they are done with it; DELETE saves it no more. Again is as
    good as once. Answered with the way back."""
    if refused := answers.too_often(request, "save", *settings.POST_RATE):
        return refused
    here = reverse("saved_message", args=[room_id, message_id])
    if request.method == "DELETE":
        domain.forget_message(request.user, room_id, message_id)
        return answers.undoable("parley:saved", _("It is no longer saved."), here)
    if request.POST.get("state", "open") == "open":
        domain.save_message(request.user, room_id, message_id)
        return HttpResponse(status=204, headers={"HX-Trigger": "parley:saved"})
    if request.POST["state"] != "done":
        raise answers.Malformed("What is saved is open or done.")
    domain.finish_message(request.user, room_id, message_id)
    return answers.undoable("parley:saved", _("Done."), here)


@require_safe
@member_required
@answers.answering
def saved(request: Any) -> HttpResponse:
    """What is open, the latest on top; with `?state=done` what they are done with. `?page=2` goes on. For htmx the
    list alone, or further entries of it."""
    number = max(1, answers.number(request.GET.get("page", "1")))
    done = request.GET.get("state") == "done"
    messages, more = domain.saved_messages(request.user, done=done, page=number)
    direct = {person_id for one in messages for person_id in people_of(one.room.direct_key or "")}
    context: dict[str, Any] = {
        "done": done,
        "tab": "done" if done else "open",
        "next": number + 1 if more else None,
    }
    if request.htmx:
        context["saved_messages"] = _entries(request, messages, cards_of(direct) if direct else {})
        return render(request, f"chat/saved.html#{'more' if number > 1 else 'list'}", context)
    people = direct | {one.author_id for one in messages} | people_in(one.html for one in messages)
    around = shell(request, None, people)
    context["saved_messages"] = _entries(request, messages, around["people"])
    return render(request, "chat/saved.html", {**around, **context})


def _entries(request: Any, messages: list[Message], cards: Cards) -> list[dict[str, Any]]:
    return [
        {
            "key": encode("m", one.pk),
            "id": one.pk,
            "room_id": one.room_id,
            "room": encode("r", one.room_id),
            "title": one.room.name or direct_title(one.room.direct_key or "", request.user, cards),
            "kind": one.room.kind,
            "html": mark_safe(one.html),  # noqa: S308 - drawn by chat.fragments
        }
        for one in messages
    ]
