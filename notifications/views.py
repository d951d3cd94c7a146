"""The notification list: seeing it, going to what one is about, and marking all read."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import member_required
from chat.views import shell
from notifications import inbox
from notifications.models import Notification

PAGE = 50


@require_http_methods(["GET", "POST"])
@member_required
def notifications(request: Any) -> HttpResponse:
    """GET: the list, newest first, as a part for htmx and as a page else. POST: mark all read."""
    if request.method == "POST":
        inbox.mark_all_read(request.user)
        if not request.htmx:
            return redirect("notifications")
    entries = Notification.objects.filter(person=request.user).order_by("-created_at", "-id")
    page = Paginator(entries.select_related("author"), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "unread": inbox.unread_counts([request.user.pk])[request.user.pk]}
    if request.htmx:
        return render(request, "notifications/list.html#list", context)
    return shell.page(request, "notifications/list.html", context)


@require_GET
@member_required
def notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark it read and go where it leads. 404 for anybody else's."""
    try:
        return redirect(inbox.open_notification(request.user, notification_id))  # type: ignore[arg-type]
    except Notification.DoesNotExist:
        raise Http404 from None
