"""From a Host header to an organisation, from a small cache of this process.

The registry changes rarely and every request asks it, so an answer holds for some seconds: that is how long a
suspended organisation can still be reached (its sockets are closed at once).
"""

import enum
import re
import time

from django.conf import settings

from tenants.models import Domain, Organisation

LASTS_SECONDS = 5.0
_MOST = 10_000
_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", re.ASCII)

_answers: dict[str, tuple[float, Organisation | None]] = {}


class Answer(enum.Enum):
    """What a host can be beside an organisation's: the public site, or one that the registry must be asked about."""

    PUBLIC = enum.auto()
    ASK = enum.auto()


def normalise(header: str) -> str:
    """The host of a Host header: lower case, no port, no trailing dot; "" where it is malformed."""
    host = header.strip().lower()
    host = re.sub(r":[0-9]{1,5}\Z", "", host).removesuffix(".")
    return host if len(host) <= 253 and _HOST.fullmatch(host) else ""


def cached(host: str) -> Organisation | Answer | None:
    """What is known of `host` without a query; `Answer.ASK` where the registry has to be asked."""
    if host == settings.BASE_DOMAIN:
        return Answer.PUBLIC
    if not host:
        return None
    until, organisation = _answers.get(host, (0.0, None))
    return organisation if until > time.monotonic() else Answer.ASK


def look_up(host: str) -> Organisation | None:
    """Ask the registry for the organisation of `host` and remember the answer. In `public`; one query."""
    organisation = _find(host)
    if organisation is None and host.endswith(f".{settings.BASE_DOMAIN}"):
        return None  # not remembered: a founder arrives at the new address within the second
    if len(_answers) >= _MOST:
        _answers.clear()
    _answers[host] = (time.monotonic() + LASTS_SECONDS, organisation)
    return organisation


def forget() -> None:
    """Forget what this process remembers of the registry."""
    _answers.clear()


def _find(host: str) -> Organisation | None:
    address, _, rest = host.partition(".")
    known = Organisation.objects.exclude(state=Organisation.State.SPARE)
    if rest == settings.BASE_DOMAIN:
        return known.filter(address=address).first()
    domain = Domain.objects.filter(domain=host, verified_at__isnull=False).select_related("tenant").first()
    return domain.tenant if domain and domain.tenant.state != Organisation.State.SPARE else None
