"""Names of keys in the cache and in Valkey.

A key that is an organisation's carries its schema; a key by IP address must not, or an attacker would get each
limit once for every organisation (DESIGN 5). Django's `cache.make_key` hooks read the ambient connection, which
is wrong in the event loop, so keys are built here from the organisation that the caller holds.
"""

from tenants.models import Organisation


def key(organisation: Organisation, *parts: object) -> str:
    """The key of an organisation for `parts`, e.g. `key(acme, "presence") == "org_…:presence"`."""
    return ":".join((organisation.schema_name, *map(str, parts)))
