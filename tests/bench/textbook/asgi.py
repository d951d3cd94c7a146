"""The ASGI application, as the documentation has it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.textbook.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import path  # noqa: E402

from tests.bench.textbook.consumers import ChatConsumer  # noqa: E402

urlpatterns: list[object] = []
sockets = [path("ws/chat/<int:room_id>/", ChatConsumer.as_asgi())]
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(sockets))),
    }
)
