"""The settings of `tests.bench.migrations_settings` on django-tenants' own database backend: the baseline's."""

from tests.bench.migrations_settings import *  # noqa: F403 - all of it
from tests.bench.migrations_settings import DATABASES

DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"
