"""The organisation's own emoji: the page that keeps them, the list for pickers, and their pictures."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import member_required
from chat import custom_emoji as domain
from chat.views import answers

_MOST_ADDED = (60, 600)  # in so many seconds


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@answers.answering
def custom_emoji(request: Any) -> HttpResponseBase:
    """GET: the page, or for scripts the list. POST: add one (`name`, `picture`)."""
    if request.method == "POST":
        return _add(request)
    if answers.is_navigation(request):
        return _page(request)
    entries = [
        {"id": f"e{one.id}", "names": one.names, "url": _url(one.id, one.version)}
        for one in domain.emoji_list()
    ]
    return JsonResponse({"emoji": entries})


def _add(request: Any) -> HttpResponseBase:
    if too_often := answers.too_often(request, "emoji", *_MOST_ADDED):
        return too_often
    upload = request.FILES.get("picture")
    name = request.POST.get("name", "")
    try:
        if upload is None:
            raise domain.EmojiRefused("no_picture", _("Choose a picture."))
        domain.add_emoji(request.user, name, upload, upload.size)
    except domain.EmojiRefused as refused:
        if refused.code == "forbidden" or not answers.is_navigation(request):
            raise
        return _page(request, name=name, refused=refused)
    return redirect("custom_emoji")


def _page(request: Any, name: str = "", refused: domain.EmojiRefused | None = None) -> HttpResponse:
    # A guest does not learn of people whom they share no room with.
    shows_creators = not request.user.is_guest
    entries = [
        {
            "entry": one,
            "creator": one.creator if shows_creators else "",
            "url": _url(one.id, one.version),
            "may_change": domain.may_remove(request.user, one.created_by_id),
        }
        for one in domain.emoji_list()
    ]
    context = {
        "entries": entries,
        "may_add": domain.may_add(request.user),
        "name": name,
        "refused": refused,
        "about_picture": refused is not None and refused.code in ("no_picture", "too_large"),
    }
    status = answers.status_of(refused.code) if refused else 200
    return render(request, "chat/custom_emoji.html", context, status=status)


@require_http_methods(["POST", "DELETE"])
@member_required
@answers.answering
def one_emoji(request: Any, emoji_id: int) -> HttpResponse:
    """POST: another `name` for it, with `remove` one name less, with `end` the end of it. DELETE: the same end."""
    if request.method == "DELETE" or "end" in request.POST:
        domain.remove_emoji(request.user, emoji_id)
    elif "remove" in request.POST:
        domain.remove_name(request.user, emoji_id, request.POST["remove"])
    else:
        domain.add_name(request.user, emoji_id, request.POST.get("name", ""))
    return answers.lead_to(request, reverse("custom_emoji"))


@require_safe
@member_required
@answers.answering
def emoji_picture(request: Any, emoji_id: int, emoji_version: str) -> HttpResponse:
    """The picture. A version never changes, so the browser (and nobody between) may keep it for a year."""
    return HttpResponse(
        domain.picture_of(emoji_id, emoji_version),
        content_type="image/webp",
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _url(emoji_id: int, version: str) -> str:
    return reverse("emoji_picture", args=[emoji_id, version])
