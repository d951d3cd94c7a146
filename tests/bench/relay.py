"""Parley's ASGI application with one frame more: `relay` publishes without storing, to measure the fan-out alone.

Everything else is the product's: sign-in, consumer, publisher, Valkey, hub, sockets.
"""

from typing import Any, ClassVar

import config.asgi

# isort: split
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from accounts.asgi import with_person
from chat.broadcasts import messages_frame
from chat.consumers import PersonalConsumer, RoomConsumer
from tenants.asgi import lifespan, same_origin, with_organisation
from tenants.events import Envelope
from tenants.publisher import publish

_revisions: dict[str, int] = {}  # of this process, the only one that relays


class RelayConsumer(RoomConsumer):
    """A room whose messages exist only as news."""

    frames: ClassVar[frozenset[str]] = RoomConsumer.frames | {"relay"}
    flood = (1_000_000, 1.0)

    async def on_relay(self, body: dict[str, Any]) -> None:
        name = f"{self.organisation.schema_name}.{self.group}"
        after = _revisions.get(name, self.feed.revision or 0)
        _revisions[name] = revision = after + 1
        ready = messages_frame(self.room_id, after, revision, [body["text"]])
        publish(self.organisation, Envelope(group=self.group, after=after, revision=revision, frame=ready))


urlpatterns = [
    path("ws/rooms/<rid:room_id>/", RelayConsumer.as_asgi()),
    path("ws/me/", PersonalConsumer.as_asgi()),
]
application = ProtocolTypeRouter(
    {
        "http": config.asgi.application.application_mapping["http"],
        "lifespan": lifespan,
        "websocket": same_origin(with_organisation(with_person(URLRouter([*urlpatterns])))),
    }
)
