"""Rooms, memberships, messages, threads and files; everything in the organisation's own schema."""

from chat.models.attachments import Attachment
from chat.models.memberships import Membership
from chat.models.messages import Mention, Message, MessageText
from chat.models.reactions import Reaction
from chat.models.rooms import Room
from chat.models.threads import Thread, ThreadFollow

__all__ = [
    "Attachment",
    "Membership",
    "Mention",
    "Message",
    "MessageText",
    "Reaction",
    "Room",
    "Thread",
    "ThreadFollow",
]
