"""Reminders: a dialog to set or change one, and the list of those that wait."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import member_required
from chat import reminders as domain
from chat.access import message_for
from chat.changes import MessageRefused
from chat.models import Message, Reminder
from chat.sidebar import cards_of, direct_title, people_of
from chat.views import answers
from chat.views.later import Times
from chat.views.shell import page, panel, people_in
from chat.when import WhenRefused
from tenants.ids import encode

_FIELDS = ("text", "when")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def reminders(request: Any) -> HttpResponse:
    """GET: those that wait, for htmx the list alone. POST: set one for a `text`."""
    if request.method == "POST":
        return _set(request, None)
    waiting = domain.reminders_of(request.user)
    shown = [one.message for one in waiting if one.message and one.may_read]  # type: ignore[attr-defined]
    direct = {person_id for one in shown for person_id in people_of(one.room.direct_key or "")}
    cards = cards_of(direct) if direct else {}
    entries = [
        {
            "id": one.pk,
            "text": one.text,
            "due_at": one.due_at,
            "is_over": one.due_at <= timezone.now(),
            "message": message,
            "key": encode("m", message.pk) if message else "",
            "room": encode("r", message.room_id) if message else "",
            "title": message
            and (message.room.name or direct_title(message.room.direct_key or "", request.user, cards)),
            "html": mark_safe(message.html) if message else "",  # noqa: S308 - drawn by chat.fragments
            "is_gone": one.message_id is not None and message is None,
        }
        for one in waiting
        for message in (one.message if one.may_read else None,)  # type: ignore[attr-defined]
    ]
    context = {"reminders": entries, "tab": "reminders"}
    if request.htmx:
        return render(request, "chat/reminders.html#list", context)
    people = {one.author_id for one in shown} | people_in(one.html for one in shown)
    return page(request, "chat/reminders.html", context, people=people)


@require_safe
@member_required
def reminder_new(request: Any) -> HttpResponse:
    """The dialog that asks for what and when."""
    return _dialog(request, {"text": "", "when": ""}, reverse("reminders"))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def message_reminder(request: Any, room_id: int, message_id: int) -> HttpResponse:
    """GET: the dialog for a message. POST: be reminded of it."""
    message = message_for(request.user, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    if request.method == "POST":
        return _set(request, message)
    return _dialog(request, {"text": "", "when": ""}, request.path, message=message)


@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
@member_required
@answers.answering
def reminder(request: Any, reminder_id: int) -> HttpResponse:
    """GET: the dialog to change one's own reminder. POST changes it, DELETE cancels it."""
    if request.method == "DELETE":
        was = domain.cancel_reminder(request.user, reminder_id)
        return answers.undoable(
            "parley:reminders", _("The reminder is cancelled."), _place(was), fields=_fields(was)
        )
    found = domain.reminder_of(request.user, reminder_id)
    if request.method != "POST":
        when = timezone.localtime(found.due_at).strftime("%Y-%m-%d %H:%M")
        return _dialog(request, {"text": found.text, "when": when}, request.path, found=found)
    if refused := answers.too_often(request, "remind", *settings.POST_RATE):
        return refused
    form, before = _form(request), _fields(found)
    try:
        moment = domain.when_for(request.user, form["when"])
        changed = domain.change_reminder(request.user, reminder_id, moment, form["text"])
    except (WhenRefused, MessageRefused) as problem:
        return _dialog(request, form, request.path, found=found, refused=problem)
    return _done(request, changed, request.path, "POST", before)


def _set(request: Any, message: Message | None) -> HttpResponse:
    if refused := answers.too_often(request, "remind", *settings.POST_RATE):
        return refused
    form = _form(request)
    try:
        when = domain.when_for(request.user, form["when"])
        made = domain.set_reminder(
            request.user,
            when,
            text=form["text"],
            room_id=message.room_id if message else None,
            message_id=message.pk if message else None,
        )
    except (WhenRefused, MessageRefused) as problem:
        return _dialog(request, form, request.path, message=message, refused=problem)
    return _done(request, made, reverse("reminder", args=[made.pk]), "DELETE", {})


def _form(request: Any) -> dict[str, str]:
    """The fields; a `choice` is a time that was pressed, and is meant whatever stands in the other field."""
    form = {field: request.POST.get(field, "") for field in _FIELDS}
    return {**form, "when": request.POST.get("choice") or form["when"]}


def _dialog(
    request: Any,
    form: dict[str, str],
    url: str,
    *,
    message: Message | None = None,
    found: Reminder | None = None,
    refused: WhenRefused | MessageRefused | None = None,
) -> HttpResponse:
    context = {
        "title": _("Change the reminder") if found else _("Remind me"),
        "form": form,
        "url": url,
        "about": message or (found and found.message_id),
        "times": Times.ahead(request.user),
        "problem": refused.detail if refused else "",
        "at_time": isinstance(refused, WhenRefused) or (refused is not None and refused.code == "over"),
        "is_new": found is None,
    }
    return panel(request, "chat/reminder.html", context, room_id=None, status=422 if refused else 200)


def _done(request: Any, made: Reminder, undo: str, method: str, fields: dict[str, str]) -> HttpResponse:
    if answers.is_navigation(request):
        return HttpResponseRedirect(reverse("reminders"))
    at = formats.date_format(timezone.localtime(made.due_at), "DATETIME_FORMAT")
    return answers.undoable("parley:reminders", _("You will be reminded: %s") % at, undo, method, fields)


def _place(was: Reminder) -> str:
    """Where a cancelled reminder is set again."""
    if was.message_id is None or was.message is None:
        return reverse("reminders")
    return reverse("message_reminder", args=[was.message.room_id, was.message_id])


def _fields(of: Reminder) -> dict[str, str]:
    return {"text": of.text, "when": of.due_at.isoformat(timespec="seconds")}
