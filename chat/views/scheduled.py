"""Sending later: the dialog beside the send button, and the list of what waits."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import member_required
from chat import scheduled as domain
from chat.access import room_for
from chat.changes import MessageRefused
from chat.models import ScheduledMessage
from chat.reminders import when_for
from chat.sidebar import Cards, cards_of, people_of
from chat.views import answers
from chat.views.later import Times, place_of
from chat.views.shell import page, panel
from chat.when import WhenRefused

_FIELDS = ("text", "when", "thread", "also_in_room", "client_id")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def room_scheduled(request: Any, room_id: int) -> HttpResponse:
    """GET: the dialog for a message of this room, or of its `thread`. POST: schedule its `text`."""
    if request.method != "POST":
        room_for(request.user, room_id)
        form = {field: request.GET.get(field, "") for field in _FIELDS}
        return _dialog(request, {**form, "client_id": str(uuid.uuid4())}, request.path)
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    form = _form(request)
    try:
        made = domain.schedule_message(
            request.user,
            room_id,
            form["text"],
            when_for(request.user, form["when"]),
            client_id=_client_id(form["client_id"]),
            thread_id=answers.message_id(form["thread"]) if form["thread"] else None,
            also_in_room=form["also_in_room"] == "1",
        )
    except (WhenRefused, MessageRefused) as problem:
        return _dialog(request, form, request.path, refused=problem)
    return _done(request, made)


def _client_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise answers.Malformed("A post has a client_id, a UUID.") from None


@require_safe
@member_required
def scheduled(request: Any) -> HttpResponse:
    """What waits, the next on top; for htmx the list alone."""
    found = domain.scheduled_of(request.user)
    direct = {person_id for one in found for person_id in people_of(one.room.direct_key or "")}
    context = {"scheduled": _entries(request, found, cards_of(direct) if direct else {}), "tab": "scheduled"}
    if request.htmx:
        return render(request, "chat/scheduled.html#list", context)
    return page(request, "chat/scheduled.html", context)


def _entries(request: Any, found: list[ScheduledMessage], cards: Cards) -> list[dict[str, Any]]:
    return [
        {
            "id": one.pk,
            "text": one.text,
            "send_at": one.send_at,
            "problem": one.problem,
            **place_of(request.user, one, cards),
        }
        for one in found
    ]


@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
@member_required
@answers.answering
def scheduled_message(request: Any, scheduled_id: int) -> HttpResponse:
    """GET: the dialog to change one's own. POST changes it, DELETE cancels it: its text is a draft again."""
    if request.method == "DELETE":
        domain.cancel_scheduled(request.user, scheduled_id)
        return answers.undoable("parley:scheduled", _("It is not sent. Its text is in your drafts."))
    found = domain.scheduled_for(request.user, scheduled_id)
    if request.method != "POST":
        when = timezone.localtime(found.send_at).strftime("%Y-%m-%d %H:%M")
        return _dialog(request, {"text": found.text, "when": when}, request.path, found=found)
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    form = _form(request)
    try:
        moment = when_for(request.user, form["when"])
        changed = domain.change_scheduled(request.user, scheduled_id, form["text"], moment)
    except (WhenRefused, MessageRefused) as problem:
        return _dialog(request, form, request.path, found=found, refused=problem)
    return _done(request, changed)


@require_POST
@member_required
@answers.answering
def sending(request: Any, scheduled_id: int) -> HttpResponse:
    """Send it now."""
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    problem = domain.send_now(request.user, scheduled_id)
    return answers.undoable("parley:scheduled", problem or _("Sent."))


def _form(request: Any) -> dict[str, str]:
    """The fields; a `choice` is a time that was pressed, and is meant whatever stands in the other field."""
    form = {field: request.POST.get(field, "") for field in _FIELDS}
    return {**form, "when": request.POST.get("choice") or form["when"]}


def _dialog(
    request: Any,
    form: dict[str, str],
    url: str,
    *,
    found: ScheduledMessage | None = None,
    refused: WhenRefused | MessageRefused | None = None,
) -> HttpResponse:
    at_time = isinstance(refused, WhenRefused) or (refused is not None and refused.code == "over")
    context = {
        "title": _("Change the message") if found else _("Send later"),
        "form": form,
        "url": url,
        "times": Times.ahead(request.user),
        "problem": refused.detail if refused else "",
        "at_time": at_time,
        "at_text": refused is not None and not at_time,
        "is_new": found is None,
    }
    return panel(request, "chat/scheduled_form.html", context, room_id=None, status=422 if refused else 200)


def _done(request: Any, made: ScheduledMessage) -> HttpResponse:
    if answers.is_navigation(request):
        return HttpResponseRedirect(reverse("scheduled"))
    at = formats.date_format(timezone.localtime(made.send_at), "DATETIME_FORMAT")
    here = reverse("scheduled_message", args=[made.pk])
    return answers.undoable("parley:scheduled", _("It will be sent: %s") % at, here, "DELETE")
