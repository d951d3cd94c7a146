"""Parley's settings with the plain pages' URLs and templates."""

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, INSTALLED_APPS, TEMPLATES

INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench.plain"]
ROOT_URLCONF = "tests.bench.plain.urls"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [BASE_DIR / "tests/bench/plain/templates", *TEMPLATES[0]["DIRS"]]}]
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
