"""The organisation of an HTTP request, by its Host."""

from collections.abc import Callable
from functools import partial
from typing import Any

import django_htmx.middleware as htmx
from django.conf import settings
from django.contrib.messages import middleware as messages
from django.contrib.messages.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.middleware import csp
from django.middleware.common import CommonMiddleware
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.csp import CSP, build_policy
from django.utils.functional import SimpleLazyObject, empty

from tenants import hosts
from tenants.connection import of_this_thread
from tenants.models import Organisation

_NOT_FOUND = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Not found</title>
<p>There is no workspace at this address. Check the spelling, or ask the person who gave it to you.</p></html>"""

_NONCE = "nonce"

# Where nothing else was said: by nobody, and by no cache that others share.
KEPT = "private, no-store"


class OrganisationMiddleware:
    """Enters the organisation for the request, chooses its URLs, and leaves it again.

    `request.organisation` is None on the public site. Unknown hosts get 404, suspended organisations 503.
    Dynamic answers are `private, no-store` unless the view says otherwise: a shared cache that served one person's
    page to another is how Zulip and Loom leaked (PITFALLS, "Web").
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        of_this_thread().set_schema_to_public()
        host = hosts.normalise(request.META.get("HTTP_HOST", ""))
        found = hosts.cached(host)
        if found is hosts.Answer.ASK:
            found = hosts.look_up(host)
        if found is hosts.Answer.PUBLIC:
            response = self._public(request)
        elif not isinstance(found, Organisation):
            response = HttpResponseNotFound(_NOT_FOUND)
        elif found.state == Organisation.State.SUSPENDED:
            request.organisation, request.urlconf = None, settings.PUBLIC_SCHEMA_URLCONF
            response = render(request, "public/suspended.html", {"name": found.name}, status=503)
        else:
            response = self._inside(request, found)
        response.headers.setdefault("Cache-Control", KEPT)
        return response

    def _public(self, request: Any) -> HttpResponse:
        request.organisation = None
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        # `public` has no sessions: a cookie from somewhere must not send anyone looking for one.
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self.get_response(request)

    def _inside(self, request: Any, organisation: Organisation) -> HttpResponse:
        request.organisation = organisation
        entering = of_this_thread()
        entering.set_tenant(organisation)
        entering.statement_seconds = settings.STATEMENT_SECONDS
        try:
            return self.get_response(request)
        finally:
            entering.statement_seconds = 0.0
            entering.set_schema_to_public()


class LanguageMiddleware(LocaleMiddleware):
    """Django's, which looks for a language in the address twice; no address of ours has one."""

    def process_request(self, request: Any) -> None:
        translation.activate(translation.get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, request: Any, response: Any) -> Any:
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response


class SlashMiddleware(CommonMiddleware):
    """Django's, which looks at the Host once more for those whom it would lead to www; there is nothing of the kind here."""

    def process_request(self, request: HttpRequest) -> None:
        return None


class MessageMiddleware(messages.MessageMiddleware):
    """Django's; who neither leaves nor shows a message needs no storage for them, and no key to sign them with."""

    def process_request(self, request: Any) -> None:
        request._messages = SimpleLazyObject(partial(default_storage, request))

    def process_response(self, request: Any, response: Any) -> Any:
        kept = getattr(request, "_messages", None)
        if isinstance(kept, SimpleLazyObject) and kept._wrapped is empty:
            return response
        return super().process_response(request, response)


class PolicyMiddleware(csp.ContentSecurityPolicyMiddleware):
    """Django's, which puts the same policy together for each answer. A view's own policy goes before ours, as there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        policy: Any = settings.SECURE_CSP
        self._without_nonce = build_policy(policy)
        self._before, self._after = build_policy(policy, _NONCE).split(f"'nonce-{_NONCE}'")

    def process_response(self, request: Any, response: Any) -> Any:
        nonce = csp.get_nonce(request)
        if not hasattr(response, "_csp_config"):
            policy = f"{self._before}'nonce-{nonce}'{self._after}" if nonce else self._without_nonce
            response.headers.setdefault(CSP.HEADER_ENFORCE.value, policy)
        return super().process_response(request, response)


class HtmxMiddleware(htmx.HtmxMiddleware):
    """django-htmx's; whether it is htmx that asks needs one header, and not a list of all."""

    def __call__(self, request: Any) -> Any:
        request.htmx = _Details(request)
        return self.get_response(request)


class _Details(htmx.HtmxDetails):
    def __bool__(self) -> bool:
        return self.request.META.get("HTTP_HX_REQUEST") == "true"


def organisation_context(request: Any) -> dict[str, Any]:
    """Template context: the organisation of the page (None on the public site) and the running build."""
    return {
        "organisation": getattr(request, "organisation", None),
        "build": settings.BUILD,
        "debug": settings.DEBUG,
        "base_domain": settings.BASE_DOMAIN,
    }
