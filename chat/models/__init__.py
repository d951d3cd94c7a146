"""Rooms, memberships, messages, threads and files; everything in the organisation's own schema."""

from chat.models.attachments import Attachment
from chat.models.blocks import Block
from chat.models.custom_emoji import CustomEmoji, CustomEmojiName
from chat.models.drafts import Draft
from chat.models.forwards import Forward
from chat.models.imports import Import, ImportedFile, ImportedPerson, ImportedRoom
from chat.models.link_previews import LinkPreview, MessagePreview
from chat.models.memberships import Membership
from chat.models.messages import Mention, Message, MessageText
from chat.models.moves import Move
from chat.models.polls import Poll, PollOption, PollVote, TodoItem, TodoList
from chat.models.reactions import Reaction
from chat.models.reminders import LONGEST_REMINDER, Reminder
from chat.models.rooms import Room
from chat.models.saved import SavedMessage
from chat.models.scheduled import ScheduledMessage
from chat.models.search import AttachmentText, Vocabulary, Word
from chat.models.sections import Section
from chat.models.threads import Thread, ThreadFollow
from chat.models.versions import MessageVersion

__all__ = [
    "LONGEST_REMINDER",
    "Attachment",
    "AttachmentText",
    "Block",
    "CustomEmoji",
    "CustomEmojiName",
    "Draft",
    "Forward",
    "Import",
    "ImportedFile",
    "ImportedPerson",
    "ImportedRoom",
    "LinkPreview",
    "Membership",
    "Mention",
    "Message",
    "MessagePreview",
    "MessageText",
    "MessageVersion",
    "Move",
    "Poll",
    "PollOption",
    "PollVote",
    "Reaction",
    "Reminder",
    "Room",
    "SavedMessage",
    "ScheduledMessage",
    "Section",
    "Thread",
    "ThreadFollow",
    "TodoItem",
    "TodoList",
    "Vocabulary",
    "Word",
]
