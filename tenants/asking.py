"""Whether a reverse proxy may have a certificate made for a host name (deploy/Caddyfile, "on demand").

Whoever opens a TLS connection chooses the name in it, and an authority makes only so many certificates a week.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tenants import hosts, ratelimits
from tenants.models import Organisation

# For each asker: the proxy asks once for each name that it has no certificate of.
_LIMIT, _SECONDS = 600, 60


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """`/domains/ask?domain=…` on the public site: 200 for the base domain and an active organisation's names, else 404.

    Tells no more than opening the address does. At most one query, of the registry.
    """
    asker = request.META.get("REMOTE_ADDR") or "::"
    if wait := ratelimits.hit(f"domains-ask:ip:{asker}", _LIMIT, _SECONDS):
        return _answer(429, {"Retry-After": ratelimits.retry_after(wait)})
    host = hosts.normalise(request.GET.get("domain", ""))
    if host == settings.BASE_DOMAIN:
        return _answer(200)
    organisation = hosts.look_up(host) if host else None
    active = organisation is not None and organisation.state == Organisation.State.ACTIVE
    return _answer(200 if active else 404)


def _answer(status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status=status, headers=headers, content_type="text/plain")
