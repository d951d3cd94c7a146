"""Files: uploading one, having it, giving it up, a room's Files view, and what the organisation stores."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, member_required
from chat import attachments
from chat.files import storing
from chat.models import Attachment
from chat.places import place_for
from chat.sidebar import cards_of, people_of
from chat.views import answers
from chat.views.room_page import names
from chat.views.shell import panel
from chat.views.stored_files import answer_with
from tenants.ids import decode, encode

MOST_UPLOADED = (120, 60)  # in so many seconds
PAGE = 40


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def files(request: Any, room_id: int) -> HttpResponseBase:
    """GET: the files of a room, newest first, of a `kind`, `before` one of them. POST: upload one `file`."""
    return _upload(request, room_id) if request.method == "POST" else _browse(request, room_id)


def _upload(request: Any, room_id: int) -> HttpResponseBase:
    if refused := answers.too_often(request, "upload", *MOST_UPLOADED):
        return refused
    place_for(request.user, room_id)  # 404 comes before anything that could be said of the file
    upload = request.FILES.get("file")
    if upload is None:
        raise answers.Malformed("An upload has a file.")
    kept = attachments.receive(request.user, room_id, upload)
    card = {"id": encode("f", kept.pk), "name": kept.name, "size": kept.size, "kind": kept.kind}
    return JsonResponse(card, status=201)


def _browse(request: Any, room_id: int) -> HttpResponseBase:
    place = place_for(request.user, room_id)
    kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    if kind not in Attachment.Kind.values:
        kind = ""
    try:
        first = decode("f", before) if before else 0
    except ValueError:
        raise answers.Malformed("`before` is the id of a file.") from None
    found = attachments.files_of(place.room, kind, first, PAGE)
    key = place.room.direct_key
    context = {
        "room": place.room,
        "files": found[:PAGE],
        "kind": kind,
        "next": encode("f", found[PAGE - 1].pk) if len(found) > PAGE else "",
        **names(place, cards_of(people_of(key)) if key else {}),
    }
    if before and request.htmx:
        return render(request, "chat/files.html#more", context)
    return panel(request, "chat/files.html", context, room_id=room_id)


@require_http_methods(["GET", "HEAD", "DELETE"])
@member_required
@answers.answering
def file(request: Any, room_id: int, attachment_id: int) -> HttpResponseBase:
    """GET: the file, or a part of it. DELETE: give up one that was not posted."""
    if request.method == "DELETE":
        attachments.discard(request.user, room_id, attachment_id)
        return HttpResponse(status=204)
    found = attachments.file_for(request.user, room_id, attachment_id)
    if not found.is_ready:
        raise Http404
    return _answer(request, found, found.stored, found.name, found.size, found.content_type)


@require_safe
@member_required
@answers.answering
def file_thumbnail(request: Any, room_id: int, attachment_id: int) -> HttpResponseBase:
    """The small picture of a file, encoded anew."""
    found = attachments.file_for(request.user, room_id, attachment_id)
    if not found.is_ready or not found.thumbnail:
        raise Http404
    stored = storing.thumbnail_name(found.stored)
    try:
        size = storing.size(stored)
    except FileNotFoundError:
        raise Http404 from None
    return _answer(request, found, stored, "thumbnail.webp", size, "image/webp")


def _answer(
    request: Any, found: Attachment, stored: str, name: str, size: int, content_type: str
) -> HttpResponseBase:
    tag = f"f{found.pk}-{size}"
    try:
        return answer_with(request, stored, name=name, size=size, content_type=content_type, tag=tag)
    except FileNotFoundError:
        raise Http404 from None


@administrator_required
@require_safe
def storage(request: Any) -> HttpResponse:
    """What the organisation's files take, and how much they may."""
    usage = attachments.usage_of_organisation()
    share = min(100, round(100 * usage.used / usage.quota)) if usage.quota else 0
    context = {"usage": usage, "share": share, "largest": settings.LARGEST_FILE}
    return render(request, "chat/storage.html", context)
