"""What is posted, and what comes of it: the values that chat.messages takes and gives. No query."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from chat import snapshots
from chat.listing import NewList
from chat.models import Message
from chat.text import needs_parser

_SHORT, _LONG = 200, 4_000  # characters of a text that is little work with the parser, and without


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody wants to say. `client_id` is the browser's name for it and makes sending it again safe.

    With `thread_id` it is a reply: in the thread of that message, and `also_in_room` if they want that.
    """

    person_id: int
    room_id: int
    client_id: uuid.UUID
    text: str
    attachment_ids: tuple[int, ...] = ()  # with files the text may be empty
    thread_id: int | None = None
    also_in_room: bool = False
    new_list: NewList | None = None  # a poll or to-do list below the text
    forward: snapshots.Snapshot | None = None  # what it passes on (chat.forwarding)
    # Why it is refused is said in this one; None: in the thread's, which is the person's where nobody else posts with them.
    language: str | None = field(default=None, compare=False)

    @property
    def is_light(self) -> bool:
        """Whether posting it is little work for certain: a text that names nobody and no address, and is short or needs
        no parser."""
        more = self.attachment_ids or self.new_list or self.forward or self.thread_id is not None
        if more or "@" in self.text or "://" in self.text:
            return False
        length = len(self.text)
        return length <= _SHORT or (length <= _LONG and not needs_parser(self.text))


@dataclass(frozen=True, slots=True)
class Posted:
    """The message is committed; the same for every repetition of the post, but for `outside`, which is said once.
    `position` is 0 for a reply that has none in the room."""

    client_id: uuid.UUID
    message_id: int
    position: int
    revision: int
    outside: tuple[int, ...] = ()  # the ids of people whom it names and who are not in the room


# Why nothing was posted. A socket does not know its reader's language: the page has its own words for each.
type Code = Literal[
    "empty", "too_long", "malformed", "not_found", "archived", "announcements", "slow_mode", "conflict", "file_gone",
    "undeliverable", "naming",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. A slow room takes the same post again after `retry_after` seconds."""

    client_id: uuid.UUID
    code: Code
    detail: str
    retry_after: float = 0


@dataclass(slots=True)
class NewMessage:
    """A message of this transaction, for the receivers of `signals.messages_posted`."""

    message: Message
    room_kind: str
    room_name: str
    told_all: bool = False  # whether some of the room want to be told of every message
    passed_on: str = ""  # the text of what it forwards
    mentioned_ids: list[int] = field(default_factory=list)
    follower_ids: list[int] = field(
        default_factory=list
    )  # of the thread in which it replies, its author aside, and who has blocked them in a direct message


def digest_of(post: Post) -> bytes:
    """Of a forward the files have other ids with each attempt: what is passed on stands for them."""
    if post.forward:
        return digest(post.text, (-(post.forward.original_id or 0),))
    return digest(post.text, post.attachment_ids, post.new_list)


def digest(text: str, attachment_ids: Sequence[int] = (), new_list: NewList | None = None) -> bytes:
    """Tells a repetition from another text under the same client_id, also after the message was edited."""
    said = f"{text}\0{attachment_ids}" if attachment_ids else text  # no text has a zero in it
    if new_list is not None:
        said += f"\0{new_list!r}"
    return hashlib.blake2b(said.encode(), digest_size=16).digest()
