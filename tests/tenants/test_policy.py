"""Answers have the policy that Django would put together for them."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.middleware.csp import ContentSecurityPolicyMiddleware, get_nonce

from tenants.middleware import PolicyMiddleware

OWN = {"default-src": ["'self'"]}


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def with_nonce(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(get_nonce(request)))


def of_its_own(request: HttpRequest) -> HttpResponse:
    response: Any = HttpResponse()
    response._csp_config = OWN
    return response


def none(request: HttpRequest) -> HttpResponse:
    response: Any = HttpResponse()
    response._csp_config = {}
    return response


def said_already(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"Content-Security-Policy": "sandbox"})


@pytest.mark.parametrize("view", [plain, with_nonce, of_its_own, none, said_already])
def test_it_is_djangos(view: Any) -> None:
    found = []
    for middleware in (ContentSecurityPolicyMiddleware, PolicyMiddleware):
        answer = middleware(view)(HttpRequest())
        nonce = answer.content.decode() or "nonce"
        found.append({name: value.replace(nonce, "nonce") for name, value in answer.items()})
    assert found[0] == found[1]
