"""The default cache's key function: allauth's keys of people carry the organisation, those by address do not.

allauth counts attempts and remembers used codes under keys such as a person's number, which mean somebody else in
the next organisation. Its limits by IP address count for all organisations together, or an attacker would have the
limit once for each of them (DESIGN 5).
"""

import re

from tenants.db import current_organisation
from tenants.keys import key as organisation_key

_ALLAUTH = "allauth"
_BY_ADDRESS = re.compile(r"allauth:rl:[^:]+:[^:]+:[^:]+:ip:")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's own form of a key; raises NoOrganisation for a key of allauth's outside of an organisation."""
    if key.startswith(_ALLAUTH) and not _BY_ADDRESS.match(key):
        key = organisation_key(current_organisation(), key)
    return f"{key_prefix}:{version}:{key}"
