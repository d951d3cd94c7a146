"""Rate limits of pages, and who is asking. Limits by address count for all organisations together (DESIGN 5)."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from tenants import ratelimits

UNKNOWN_ADDRESS = "::"


def client_ip(request: HttpRequest) -> str:
    """The address of the browser, behind as many proxies as the deployment trusts; "::" where nobody can say."""
    return get_adapter().get_client_ip(request)  # type: ignore[no-any-return]


def wait_for(request: HttpRequest, name: str, limit: int, seconds: int, *, by: str = "") -> float:
    """Count one `name` of this address, or of the word `by`; 0.0 or the seconds to wait. Asks Valkey."""
    who = f"word:{by}" if by else f"ip:{client_ip(request)}"
    return ratelimits.hit(f"{name}:{who}", limit, seconds)


def limited[**P](
    name: str, limit: int, seconds: int
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Let an address do what changes something in this view `limit` times in `seconds`; then 429."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD") and (wait := wait_for(request, name, limit, seconds)):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def too_many(request: HttpRequest, wait: float = 60.0) -> HttpResponse:
    """The 429 page; `Retry-After` says when (RFC 9110, 10.2.3). Also config.urls' `handler429`, which allauth calls."""
    seconds = ratelimits.retry_after(wait)
    answer = render(request, "429.html", {"retry_after": int(seconds)}, status=429)
    answer["Retry-After"] = seconds
    return answer
