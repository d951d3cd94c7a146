"""What every page of a signed-in person does: who they are, their time zone, and when they were last seen."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import csrf
from accounts.backends import PersonBackend
from accounts.limits import client_ip
from accounts.models import Person

_EVERY_SECONDS = 300.0
_MOST = 50_000


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's; the session knows the request, whose row others may have read (accounts.session_rows)."""

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        request.session.request = request


class SignedInMiddleware(AuthenticationMiddleware):
    """In place of Django's: with the person who came along with the session, where it is certainly theirs."""

    def process_request(self, request: Any) -> None:
        request.user = SimpleLazyObject(partial(person_of, request))


def person_of(request: Any) -> Any:
    """Whose the request is, or Django's AnonymousUser. One query, two where the session's row does not tell whose it is."""
    if not hasattr(request, "_cached_user"):
        key = request.session.session_key
        request._cached_user = PersonBackend().get_session_user(request.session) or auth.get_user(request)
        if key and request._cached_user.is_authenticated and request.session.session_key != key:
            # Django made it anew, of a new secret key: without its row nobody could end it.
            UserSession.objects.filter(session_key=key).update(session_key=request.session.session_key)
    return request._cached_user


class PersonMiddleware:
    """Works in the person's time zone, and notes at most every five minutes for each session that it was used, with the
    CSRF cookie sent anew.

    Each process remembers for itself what it noted; with several, a session is noted a few times in five minutes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._noted: dict[str, float] = {}

    def __call__(self, request: Any) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        if not (person := person_of(request)).is_authenticated:
            return self.get_response(request)
        request.user = person
        self._note(request)
        with timezone.override(request.user.time_zone):
            return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """A form that is drawn again because it was wrong says so to programs too (RFC 9110, 15.5.21)."""
        form = (response.context_data or {}).get("form")
        if request.method == "POST" and response.status_code == 200 and getattr(form, "errors", None):
            response.status_code = 422
        return response

    def _note(self, request: Any) -> None:
        key, now = request.session.session_key, time.monotonic()
        if self._noted.get(key, -_EVERY_SECONDS) + _EVERY_SECONDS > now:
            return
        if len(self._noted) >= _MOST:
            self._noted.clear()
        self._noted[key] = now
        csrf.renew(request)
        at = timezone.now()
        stale = at - timedelta(seconds=_EVERY_SECONDS / 2)
        UserSession.objects.filter(session_key=key, last_seen_at__lt=stale).update(
            last_seen_at=at, ip=client_ip(request)
        )
        Person.objects.filter(pk=request.user.pk).update(last_seen_at=at)
