"""The sockets of chat: one for the open room, one for the person."""

from chat.consumers.personal import PersonalConsumer
from chat.consumers.room import RoomConsumer

__all__ = ["PersonalConsumer", "RoomConsumer"]
