"""Answers that belong to no page."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from tenants.db import took_too_long
from tenants.lanes import Overloaded

RETRY_AFTER = {"Retry-After": "5"}  # seconds


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token: usually a page that stood open through a sign-in."""
    return render(request, "403.html", {"reason": "csrf"}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 where Postgres gave no answer (away, full, a statement too long) or too many wait for one. What was
    not too long may be asked again soon.

    Asks nothing of the database, which the request's person would.
    """
    error = sys.exception()
    if not isinstance(error, OperationalError | InterfaceError | Overloaded):
        return defaults.server_error(request)
    headers = {} if took_too_long(error) else RETRY_AFTER
    if "HX-Request" not in request.headers and "text/html" in request.headers.get("Accept", ""):
        return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
    detail = _("The workspace can't answer just now. Try again in a moment.")
    return JsonResponse({"error": {"code": "unavailable", "detail": detail}}, status=503, headers=headers)
