"""Django's connection, typed as what it is here: `tenants.backend`'s wrapper, which knows organisations."""

from typing import TYPE_CHECKING, cast

from django.db import connection as _connection

if TYPE_CHECKING:
    from tenants.backend.base import DatabaseWrapper

connection = cast("DatabaseWrapper", _connection)
