"""Changing what the registry says of an organisation, from inside of it: its own role may not even read that row."""

from tenants import hosts
from tenants.connection import connection
from tenants.models import Organisation


def describe(organisation: Organisation, *, name: str, accent: str) -> None:
    """Call the organisation `name` and give its pages an `accent` (a hue, or "" for Parley's own). One query.

    Outside a transaction, because the schema is left for it. Other processes follow within `hosts.LASTS_SECONDS`.
    """
    if connection.in_atomic_block:
        raise RuntimeError("The registry is changed outside of an organisation's transactions.")
    entered = connection.tenant
    connection.set_schema_to_public()
    try:
        Organisation.objects.filter(pk=organisation.pk).update(name=name, accent=accent)
    finally:
        connection.set_tenant(entered)
    organisation.name, organisation.accent = name, accent
    hosts.forget()
