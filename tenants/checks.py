"""System checks for what would fail silently later."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection


@register(Tags.security, deploy=True)
def field_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Secrets at rest need a key of the deployment's own."""
    if not settings.FIELD_KEYS:
        return [
            Error(
                "PARLEY_FIELD_KEYS is not set.",
                hint="Generate one with Fernet.generate_key().",
                id="parley.E001",
            )
        ]
    try:
        for key in settings.FIELD_KEYS:
            Fernet(key)
    except ValueError as error:
        return [Error(f"PARLEY_FIELD_KEYS has a malformed key: {error}", id="parley.E002")]
    return []


@register(Tags.database)
def database_locale(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """With LC_CTYPE C, pg_trgm drops every letter outside ASCII (PITFALLS, "Postgres' locale and text")."""
    if not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("select datctype from pg_database where datname = current_database()")
        (ctype,) = cursor.fetchone()
    if ctype in ("C", "POSIX"):
        hint = "Create the database with LC_CTYPE 'C.UTF-8' or another UTF-8 locale."
        return [
            Warning(f"The database's LC_CTYPE is {ctype}: search loses accents.", hint=hint, id="parley.W001")
        ]
    return []
