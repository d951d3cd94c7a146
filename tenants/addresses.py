"""Which workspace addresses can be had.

An address is a DNS label that people type and trust, so it must not look like the deployment's own names, like
another workspace's, or like one that was given up a short while ago.
"""

import re
from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Now
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from tenants.lookalikes import Skeleton, skeleton
from tenants.models import Organisation, ReleasedAddress

SHORTEST, LONGEST = 3, 40
REST = timedelta(days=90)
_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_RESERVED = frozenset(
    """about abuse access account accounts admin administrator alert alerts analytics api app application apps asset
    assets auth authentication autoconfig autodiscover backup beta billing blog bot bots broadcasthost business cache
    cdn chat cloud community company connect console contact content dashboard data database demo-admin dev developer
    developers dns doc docs domain domains download downloads email enterprise example express faq feedback file files
    forum forums ftp gateway git graphql group groups guest guests health help home host hostmaster hosting http https
    image images imap inbox info internal invite ios irc isatap job jobs join legal link links local localhost log
    login logout mail mailer mailing marketing mattermost media message messages metrics mobile monitor monitoring my
    network new news newsletter nobody noreply notification notifications ns ns1 ns2 oauth official operator operators
    owner owners page pages parley partner partners password pay payment payments ping pop pop3 portal postmaster
    press preview pricing private prod production profile proxy public register registration release report reports
    root sales schema script search secure security server servers service services session setting settings setup
    shop signin signup sip slack smtp socket spam ssl ssh sso staff staging stage stat static statistics stats status
    store subdomain support survey sysadmin system team teams telnet tenant terms test testing token tool tools
    translate upload uploads usenet user users uucp verify video vpn web webhook webhooks webmail webmaster websocket
    wiki workspace workspaces wpad ws www www1 www2 xmpp zulip""".split()  # noqa: SIM905 - words read better as text
)


class AddressRefused(ValueError):
    """The address can't be had; `code` is malformed, reserved, lookalike, taken or resting, `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def check_address(text: str, *, allow_reserved: bool = False) -> str:
    """The normalised address, or AddressRefused. Reads the registry (three queries at most)."""
    address = text.strip().lower()
    _check_form(address)
    if not allow_reserved:
        _check_reserved(address)
    if Organisation.objects.filter(address=address).exists():
        raise AddressRefused("taken", _("This address is taken. Try another one."))
    if not allow_reserved:
        _check_lookalike(address)
    if ReleasedAddress.objects.filter(address=address, released_at__gt=Now() - REST).exists():
        raise AddressRefused("resting", _("This address was given up recently and is not free yet."))
    return address


def _check_form(address: str) -> None:
    if not SHORTEST <= len(address) <= LONGEST:
        raise AddressRefused(
            "malformed",
            _("An address has %(shortest)d to %(longest)d characters.")
            % {"shortest": SHORTEST, "longest": LONGEST},
        )
    if not _ADDRESS.fullmatch(address) or "--" in address:
        raise AddressRefused(
            "malformed",
            _("Use letters a to z, digits and single hyphens, with a letter or digit at both ends."),
        )
    if address.isdigit():
        raise AddressRefused("malformed", _("An address needs at least one letter."))


def _check_reserved(address: str) -> None:
    reserved = {skeleton(word) for word in _RESERVED}
    folded = skeleton(address)
    if folded in reserved or (folded.endswith("s") and folded[:-1] in reserved) or address.startswith("org-"):
        raise AddressRefused("reserved", _("This address is reserved. Try another one."))


def _check_lookalike(address: str) -> None:
    if Organisation.objects.filter(Exact(Skeleton("address"), Value(skeleton(address)))).exists():
        raise AddressRefused(
            "lookalike", _("This address looks too much like another workspace's. Try another one.")
        )
