"""Django's own ASGI application."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.plain.settings"

from django.core.asgi import get_asgi_application

application = get_asgi_application()
