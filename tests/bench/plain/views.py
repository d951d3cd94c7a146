"""The five pages, each as one would write it first."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.access import member_required
from accounts.directory import card
from accounts.models import Person
from chat import broadcasts
from chat.access import visible_rooms
from chat.fragments import VERSION
from chat.models import Membership, Mention, Message, MessageText, Room
from chat.posts import digest
from chat.text import People
from chat.text import render as markdown
from chat.text.index import index_text
from chat.text.query import parse
from chat.views import answers
from notifications.models import Notification
from tenants.ids import encode

PAGE = 50
HITS = 20


@member_required
def room(request: Any, room_id: int) -> HttpResponse:
    """A room with its newest messages."""
    if request.method == "POST":
        return _post(request, room_id)
    room = get_object_or_404(visible_rooms(request.user), pk=room_id)
    membership = Membership.objects.filter(room=room, person=request.user, left_at=None).first()
    timeline = _newest(room)
    context = {
        "room": room,
        "title": room.name,
        "is_member": membership is not None,
        "members_count": Membership.objects.filter(room=room, left_at=None).count(),
        "timeline": timeline,
        "read_position": membership.read_position if membership else room.messages,
        "may_post": membership is not None,
        "may_administer": request.user.is_administrator,
        **_around(request, room_id, {message.author for message in timeline}),
    }
    return render(request, "chat/room.html", context)


@member_required
def messages(request: Any, room_id: int) -> HttpResponse:
    """Older messages; POST writes one."""
    if request.method == "POST":
        return _post(request, room_id)
    room = get_object_or_404(visible_rooms(request.user), pk=room_id)
    before = int(request.GET.get("before", room.messages + 1))
    return render(request, "plain/messages.html", {"timeline": _newest(room, before)})


def _newest(room: Room, before: int | None = None) -> list[Message]:
    found = Message.objects.filter(room=room).select_related("author").order_by("-position")
    if before is not None:
        found = found.filter(position__lt=before)
    return list(found[:PAGE])[::-1]


@member_required
def sidebar(request: Any) -> HttpResponse:
    """The sidebar alone."""
    return render(request, "chat/sidebar.html", _around(request, None, set()))


def _around(request: Any, room_id: int | None, people: set[Person]) -> dict[str, Any]:
    mentions = Mention.objects.filter(
        person=request.user, room=OuterRef("room"), position__gt=OuterRef("read_position")
    )
    silent = Message.objects.filter(
        ~Q(kind="post") | Q(deleted_at__isnull=False),
        room=OuterRef("room"),
        position__gt=OuterRef("read_position"),
    )
    memberships = (
        Membership.objects.filter(person=request.user, left_at=None, room__archived_at=None)
        .exclude(room__kind=Room.Kind.DIRECT)  # the benchmark has none
        .select_related("room")
        .annotate(mentions=_counted(mentions), silent=_counted(silent))
        .order_by("room__name")
    )
    lines = [
        {
            "id": one.room_id,
            "key": encode("r", one.room_id),
            "kind": one.room.kind,
            "name": one.room.name,
            "unread": max(one.room.messages - one.read_position - one.silent, 0),
            "mentions": one.mentions,
            "read": one.read_position,
            "messages": one.room.messages,
        }
        for one in memberships
    ]
    return {
        "sidebar": {
            "rooms": lines,
            "directs": [],
            "notifications": Notification.objects.filter(person=request.user, read_at=None).count(),
            "may_create": not request.user.is_guest,
        },
        "people": {encode("p", one.pk): card(one) for one in {request.user, *people}},
        "open_room_id": room_id,
    }


def _counted(rows: Any) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values("room").annotate(n=Count("pk")).values("n")), Value(0))


@member_required
def search(request: Any) -> HttpResponse:
    """Messages with these words, newest first."""
    query = parse(answers.query(request))
    found = (
        MessageText.objects.filter(room__in=visible_rooms(request.user))
        .filter(vector=SearchQuery(query.tsquery, config="simple", search_type="raw"))
        .select_related("message__author", "room")
        .defer("vector")
        .order_by("-message_id")[:HITS]
    )
    hits = list(found)
    context = {
        "query": answers.query(request),
        "results": hits,
        "terms": query.terms,
        **_around(request, None, {hit.message.author for hit in hits}),
    }
    return render(request, "chat/search.html", context)


def _post(request: Any, room_id: int) -> HttpResponse:
    """Write a message: the room's row is locked, the message numbered and stored, its words indexed."""
    if refused := answers.too_often(request, "post", *settings.POST_RATE):
        return refused
    text = request.POST["text"]
    with transaction.atomic():
        room = get_object_or_404(Room.objects.select_for_update(), pk=room_id, archived_at=None)
        membership = get_object_or_404(Membership, room=room, person=request.user, left_at=None)
        room.messages += 1
        room.head += 1
        drawn = markdown(text, People(()))
        message = Message.objects.create(
            room=room,
            author=request.user,
            position=room.messages,
            revision=room.head,
            client_id=uuid.UUID(request.POST["client_id"]),
            text=text,
            digest=digest(text),
            html=drawn.html,
            html_version=VERSION,
            created_at=timezone.now(),
        )
        MessageText.objects.create(
            message=message,
            room=room,
            author=request.user,
            vector=SearchVector(Value(index_text(drawn.plain)), config="simple"),
        )
        Room.objects.filter(pk=room.pk).update(
            messages=room.messages, head=F("head") + 1, last_message_at=Now()
        )
        membership.read_position = room.messages
        membership.save(update_fields=["read_position"])
        broadcasts.messages_changed(room.pk, room.head - 1, room.head, [message.html])
    return redirect("room", room_id)
