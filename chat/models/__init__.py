"""Rooms, memberships, messages, threads and files; everything in the organisation's own schema."""

from chat.models.attachments import Attachment
from chat.models.link_previews import LinkPreview, MessagePreview
from chat.models.memberships import Membership
from chat.models.messages import Mention, Message, MessageText
from chat.models.reactions import Reaction
from chat.models.rooms import Room
from chat.models.threads import Thread, ThreadFollow

__all__ = [
    "Attachment",
    "LinkPreview",
    "Membership",
    "Mention",
    "Message",
    "MessagePreview",
    "MessageText",
    "Reaction",
    "Room",
    "Thread",
    "ThreadFollow",
]
