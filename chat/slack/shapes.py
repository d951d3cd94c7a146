"""What Slack's exports say of people, channels and messages: the fields that we read, and what is an id or a time there.

All are optional but what names the object: what really occurs was learnt from the importers of Zulip and Mattermost.
"""

from typing import Any, TypeGuard

import msgspec

_LONGEST_ID = 40


class Profile(msgspec.Struct, frozen=True):
    real_name: str | None = None
    display_name: str | None = None
    email: str | None = None
    title: str | None = None
    bot_id: str | None = None
    name: str | None = None


class User(msgspec.Struct, frozen=True):
    """Somebody of `users.json`."""

    id: str
    name: str | None = None
    real_name: str | None = None
    team_id: str | None = None
    deleted: bool | None = None
    is_bot: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    tz: str | None = None
    profile: Profile | None = None


class Said(msgspec.Struct, frozen=True):
    value: str | None = None


class Pin(msgspec.Struct, frozen=True):
    id: str | None = None
    user: str | None = None
    created: float | str | None = None


class Channel(msgspec.Struct):
    """A channel, a private channel or a direct message; `kind` is of Room.Kind and comes from the file."""

    id: str
    name: str | None = None
    creator: str | None = None
    is_archived: bool | None = None
    members: list[str] | None = None
    topic: Said | None = None
    purpose: Said | None = None
    pins: list[Pin] | None = None
    created: float | str | None = None
    kind: str = "public"
    days: list[str] = msgspec.field(default_factory=list)  # names of its files, in order

    @property
    def folder_names(self) -> tuple[str, ...]:
        return tuple(one for one in (self.name, self.id) if one)

    @property
    def called(self) -> str:
        return self.name or self.id


class Edited(msgspec.Struct, frozen=True):
    ts: str | float | None = None


class ReactionOf(msgspec.Struct, frozen=True):
    name: str
    users: list[str] = []


class SlackFile(msgspec.Struct, frozen=True):
    """A file of a message. `mode` is "tombstone" or "hidden_by_limit" where it is gone."""

    id: str | None = None
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    mode: str | None = None
    file_access: str | None = None
    size: int | None = None
    url_private: str | None = None
    url_private_download: str | None = None
    permalink: str | None = None
    is_external: bool | None = None


class Comment(msgspec.Struct, frozen=True):
    user: str | None = None
    comment: str | None = None


class BotProfile(msgspec.Struct, frozen=True):
    name: str | None = None


class Call(msgspec.Struct, frozen=True):
    created_by: str | None = None


class SlackMessage(msgspec.Struct):
    """A message as the export has it; `place` says where, for reports."""

    ts: str | float
    type: str | None = None
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str | None = None
    thread_ts: str | float | None = None
    edited: Edited | None = None
    reactions: list[ReactionOf] | None = None
    files: list[SlackFile | None] | None = None
    file: SlackFile | None = None
    blocks: list[Any] | None = None
    attachments: list[Any] | None = None
    comment: Comment | None = None
    user_profile: Profile | None = None
    bot_profile: BotProfile | None = None
    room: Call | None = None
    place: str = ""
    micros: int = 0  # `ts` in microseconds since 1970


def microseconds(ts: str | float | None) -> int | None:
    """`microseconds("1483125339.020269") == 1483125339020269`; None for what is no time of Slack's."""
    seconds, _dot, rest = str(ts).partition(".")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) in range(9, 12)):
        return None
    if rest and not (rest.isascii() and rest.isdigit()):
        return None
    return int(seconds) * 1_000_000 + int(rest[:6].ljust(6, "0"))


def is_id(value: object) -> TypeGuard[str]:
    """Whether it can be an id of Slack's."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isascii() and value.isalnum()
