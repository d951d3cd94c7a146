"""Rooms: browsing, creating, the room's page, its details and its archive."""

import contextlib
import functools
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import member_required
from chat import growing, moving, threads, timeline
from chat import rooms as domain
from chat.access import message_for, visible_rooms
from chat.models import Membership, Message, Room
from chat.places import Place, members_count, place_for
from chat.receipts import shown_to
from chat.room_names import NotAllowed, RoomRefused
from chat.sidebar import cards_of, people_of
from chat.views import answers
from chat.views.room_page import Opened, names, room_page
from chat.views.shell import page, panel, people_in, shell
from chat.views.workspace import remember
from tenants.ids import decode, encode

PAGE = 50
MOST_CREATED = (30, 600)  # in so many seconds


@dataclass(frozen=True, slots=True)
class Entry:
    """A room in the list of all rooms."""

    id: int
    key: str
    name: str
    topic: str
    kind: str
    members_count: int
    joined: bool
    archived: bool


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def rooms(request: Any) -> HttpResponse:
    """GET: the rooms one may read, with `q`. POST: create one."""
    return _create(request) if request.method == "POST" else _browse(request)


def _browse(request: Any) -> HttpResponse:
    query, archived = answers.query(request), request.GET.get("archived") == "1"
    present = Membership.objects.filter(room=OuterRef("pk"), person=request.user, left_at__isnull=True)
    found = visible_rooms(request.user).exclude(kind=Room.Kind.DIRECT)
    if not archived:
        found = found.filter(archived_at__isnull=True)
    wanted = query.lstrip("#")
    found = found.filter(Q(name__icontains=wanted) | Q(topic__icontains=wanted))
    found = found.annotate(joined=Exists(present), members_count=members_count())
    shown: Page[Any] = Paginator(found.order_by(Lower("name"), "pk"), PAGE).get_page(request.GET.get("page"))
    shown.object_list = [_entry(room) for room in shown.object_list]
    context = {
        "query": query,
        "page": shown,
        "show_archived": archived,
        "may_create": not request.user.is_guest,
    }
    if request.htmx:
        return render(request, "chat/browse.html#results", context)
    return page(request, "chat/browse.html", context)


def _entry(room: Any) -> Entry:
    return Entry(
        id=room.pk,
        key=encode("r", room.pk),
        name=room.name,
        topic=room.topic,
        kind=room.kind,
        members_count=room.members_count,
        joined=room.joined,
        archived=room.is_archived,
    )


def _create(request: Any) -> HttpResponse:
    if too_often := answers.too_often(request, "create", *MOST_CREATED):
        return too_often
    form = {field: request.POST.get(field, "") for field in ("name", "topic", "kind", "people")}
    try:
        members = answers.ids("p", form["people"])
        made = domain.create_room(
            request.user, form["name"], form["kind"] or Room.Kind.PUBLIC, form["topic"], members
        )
    except NotAllowed:
        raise
    except RoomRefused as refused:
        context = {"form": form, "errors": {_field(refused): refused.detail}}
        status = answers.status_of(refused.code)
        return page(request, "chat/room_form.html", context, status=status)
    return answers.lead_to(request, reverse("room", args=[made.pk]))


def _field(refused: RoomRefused) -> str:
    """The field of the form that a refusal is about."""
    field, _, _ = refused.code.partition("_")
    return field if field in ("name", "topic", "kind") else "people"


@require_safe
@member_required
@answers.answering
def room_new(request: Any) -> HttpResponse:
    if request.user.is_guest:
        raise NotAllowed(_("Guests can't create rooms."))
    form = {"name": answers.query(request, "name"), "topic": "", "kind": Room.Kind.PUBLIC, "people": ""}
    return page(request, "chat/room_form.html", {"form": form, "errors": {}})


@require_safe
@member_required
@answers.answering
def room(request: Any, room_id: int) -> HttpResponse:
    """The room's page. A link to a message that was moved leads to where it is, for who may read it there; for others it
    leads to what stayed, if they may read that."""
    try:
        return _room(request, room_id)
    except (Room.DoesNotExist, Message.DoesNotExist, _Moved):
        asked = request.GET.get("message") or request.GET.get("thread") or ""
        with contextlib.suppress(ValueError):
            if found := moving.place_of(request.user, room_id, decode("m", asked)):
                return redirect(f"{reverse('room', args=[found.room_id])}?message={encode('m', found.pk)}")
        return _room(request, room_id, lead_on=False)


class _Moved(Exception):
    """The message that was asked for is in another room now."""


def _room(request: Any, room_id: int, *, lead_on: bool = True) -> HttpResponse:
    """The room with its newest messages, or those around `?message=m12`, in the first answer. Around the root, with
    the thread beside it, where that message is a reply, or where `?thread=m12` asks for it.

    Three queries beside session and person: room, window, and what stands beside them. The room is read before the
    window: the page resumes from `room.head`, and a message that arrived in between comes again, not never.
    """
    place = place_for(request.user, room_id, receipts=shown_to(request.user))
    highlight, thread, window = _window(request, place, lead_on=lead_on)
    people = {*window.author_ids, *people_in(window.fragments), *people_of(place.room.direct_key or "")}
    around = shell(request, room_id, people)
    opened = Opened(place, window, highlight, thread, _urls(room_id))
    response = HttpResponse(room_page(request, opened, around))
    remember(request, response, room_id)
    return response


def _urls(room_id: int) -> dict[str, str]:
    """Where the room and its parts are, by the names of their URLs. A `reverse` takes 15 µs, and the page names ten."""
    room = reverse("room", args=[room_id])
    return {"room": room, **{name: f"{room}{part}" for name, part in _url_parts().items()}}


@functools.cache
def _url_parts() -> dict[str, str]:
    room = reverse("room", args=[1])
    parts = ("messages", "read", "room_details", "memberships", "membership", "pins", "files")
    return {name: reverse(name, args=[1]).removeprefix(room) for name in parts}


def _window(request: Any, place: Place, *, lead_on: bool) -> tuple[str, str, timeline.Window]:
    """The message to lead to, that of whose thread is to be opened, and the window around."""
    asked = request.GET.get("message") or request.GET.get("thread")
    if not asked:
        unread = place.room.messages - place.read_position
        if unread > timeline.WINDOW:
            # Begin where reading ended: opening at the end would mark all of it read.
            return "", "", timeline.around(place.room, place.read_position + 1)
        return "", "", timeline.newest(place.room)
    try:
        message_id = decode("m", asked)
    except ValueError:
        raise Message.DoesNotExist from None
    message = message_for(request.user, place.room.pk, message_id)
    if message.kind == Message.Kind.MOVED and lead_on:
        raise _Moved
    opened = encode("m", message.pk) if message.position is None or "thread" in request.GET else ""
    root = message if message.position is not None else threads.root_of(message)
    return encode("m", root.pk), opened, timeline.around(place.room, root.position or 0)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def room_details(request: Any, room_id: int) -> HttpResponse:
    """The details' panel; POST changes name and topic."""
    errors: dict[str, str] = {}
    form = {field: request.POST[field] for field in ("name", "topic") if field in request.POST}
    if request.method == "POST":
        try:
            domain.describe_room(request.user, room_id, **form)
        except NotAllowed:
            raise
        except RoomRefused as refused:
            field = _field(refused)
            errors[field if field in form else "name"] = refused.detail
    return details_panel(request, room_id, form=form if errors else {}, errors=errors)


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def room_archive(request: Any, room_id: int) -> HttpResponse:
    """POST archives the room, DELETE restores it."""
    change = domain.archive_room if request.method == "POST" else domain.restore_room
    change(request.user, room_id)
    return details_panel(request, room_id, saved=True)


@require_POST
@member_required
@answers.answering
def room_growth(request: Any, room_id: int) -> HttpResponse:
    """Make a room called `name` of a group's direct message, with `people` added."""
    try:
        people = answers.ids("p", request.POST.get("people", ""))
        growing.grow_into_room(request.user, room_id, request.POST.get("name", ""), people)
    except NotAllowed:
        raise
    except RoomRefused as refused:
        errors = {_field(refused): refused.detail}
        return details_panel(request, room_id, form={"name": request.POST.get("name", "")}, errors=errors)
    return answers.lead_to(request, reverse("room", args=[room_id]))


def details_panel(
    request: Any,
    room_id: int,
    *,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    saved: bool = False,
) -> HttpResponse:
    """The room's details as they are now."""
    place = place_for(request.user, room_id)
    room = place.room
    wanted = {room.created_by_id or 0, *people_of(room.direct_key or "")}
    cards = cards_of(wanted)
    context = {
        "room": room,
        "is_member": place.is_member,
        "members_count": place.members_count,
        "creator": cards.get(encode("p", room.created_by_id or 0)),
        "may_manage": place.may_describe,
        "may_archive": place.may_archive,
        "may_leave": place.may_leave,
        "may_join": place.may_join,
        "administers": place.administers,
        "may_grow": place.is_member and growing.may_grow(place.person, room),
        "writing_to": ",".join(
            encode("p", one) for one in people_of(room.direct_key or "") if one != place.person.pk
        ),
        "form": {"name": room.name, "topic": room.topic, **(form or {})},
        "errors": errors or {},
        "saved": saved or (request.method == "POST" and not errors),
        **names(place, cards),
    }
    return panel(request, "chat/details.html", context, room_id=room_id, status=422 if errors else 200)
