"""Arriving, and moving about: the first page, the sidebar, the switcher."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat.access import rooms_of, visible_rooms
from chat.directory import complete
from chat.models import Room
from chat.sidebar import Line, lines_of
from chat.views import answers
from chat.views.shell import only_sidebar, page, room_asked_for
from tenants.ids import decode, encode

MOST_SWITCHES = 20
LAST_ROOM = f"{'__Host-' if settings.HTTPS else ''}parley-room"


@require_safe
@member_required
def workspace(request: Any) -> HttpResponse:
    """Lead to the room this browser saw last, else to everybody's room, else to the person's first one."""
    room_id = _last_room(request) or _first_room(request)
    if room_id is not None:
        return redirect("room", room_id)
    return page(request, "chat/welcome.html", {})


def _last_room(request: Any) -> int | None:
    try:
        room_id = decode("r", request.COOKIES.get(LAST_ROOM, ""))
    except ValueError:
        return None
    seen = visible_rooms(request.user).filter(pk=room_id, archived_at__isnull=True)
    return room_id if seen.exists() else None


def _first_room(request: Any) -> int | None:
    mine = rooms_of(request.user).filter(archived_at__isnull=True).exclude(kind=Room.Kind.DIRECT)
    return mine.order_by("-is_default", "name").values_list("pk", flat=True).first()


def remember(request: Any, response: HttpResponse, room_id: int) -> None:
    """Keep with the browser that it saw this room last."""
    key = encode("r", room_id)
    if request.COOKIES.get(LAST_ROOM) != key:
        response.set_cookie(
            LAST_ROOM, key, max_age=90 * 86_400, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )


@require_safe
@member_required
def sidebar(request: Any) -> HttpResponse:
    """The sidebar alone, after something in it changed."""
    return HttpResponse(only_sidebar(request, room_asked_for(request)))


@require_safe
@member_required
def switcher(request: Any) -> HttpResponse:
    """Rooms and people whose name fits `q`; without it the unread rooms, then the latest. Three queries at most."""
    query = answers.query(request).lstrip("#@").casefold()
    items = _rooms_fitting(request.user, query)
    if query:
        items += _people_fitting(request.user, query)
    return JsonResponse({"items": items[:MOST_SWITCHES]})


def _rooms_fitting(person: Any, query: str) -> list[dict[str, Any]]:
    lines = lines_of(person)
    if not query:
        return [_item(line) for line in sorted(lines, key=lambda line: (not line.unread, -line.moved_at))]
    fitting = [line for line in lines if query in line.name.casefold()]
    fitting.sort(key=lambda line: (not line.name.casefold().startswith(query), line.is_direct, line.name))
    return [_item(line) for line in fitting] + _others_fitting(person, query, {line.id for line in lines})


def _others_fitting(person: Any, query: str, known: set[int]) -> list[dict[str, Any]]:
    """Public rooms the person is not in."""
    found = visible_rooms(person).filter(archived_at__isnull=True, name__icontains=query)
    found = found.exclude(kind=Room.Kind.DIRECT).exclude(pk__in=known).order_by("name")
    return [
        {
            "kind": "room",
            "label": room.name,
            "detail": room.topic,
            "url": reverse("room", args=[room.pk]),
            "unread": 0,
            "mentions": 0,
            "key": encode("r", room.pk),
        }
        for room in found[:MOST_SWITCHES]
    ]


def _item(line: Line) -> dict[str, Any]:
    return {
        "kind": "room" if line.kind == Room.Kind.PUBLIC else line.kind,
        "label": line.name,
        "detail": "",
        "url": reverse("room", args=[line.id]),
        "unread": line.unread,
        "mentions": line.mentions,
        "key": line.key,
    }


def _people_fitting(person: Any, query: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": "person",
            "label": card["name"],
            "detail": "",
            "url": f"{reverse('directs')}?people={card['id']}",
            "unread": 0,
            "mentions": 0,
            "key": card["id"],
        }
        for card in complete(person, query)
    ]
