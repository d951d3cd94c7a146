"""The sockets' addresses."""

from django.urls import path

from chat.consumers import PersonalConsumer, RoomConsumer
from tenants import ids  # noqa: F401 - registers the URL converters

urlpatterns = [
    path("ws/rooms/<rid:room_id>/", RoomConsumer.as_asgi(), name="room_socket"),
    path("ws/me/", PersonalConsumer.as_asgi(), name="personal_socket"),
]
