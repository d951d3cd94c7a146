"""Answers that belong to no page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token: usually a page that stood open through a sign-in."""
    return render(request, "403.html", {"reason": "csrf"}, status=403)
