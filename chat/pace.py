"""Who may write in a room, and how often: rooms for announcements, and slow ones.

For the posts of a batch, under the rooms' locks: of two that come at once a slow room takes one. What it asks was read
by the posting path's look-up anyway.
"""

import math
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from chat.sql import Asked, LockedRoom

type Refusal = tuple[Literal["announcements", "slow_mode"], str, float]


class Paced(Protocol):
    """What a room says of who writes in it, however it was read."""

    announcements: bool
    open_replies: bool
    slow_seconds: int


class Pace:
    """`posted` says when members (by membership) have written in slow rooms, within this batch."""

    def __init__(self) -> None:
        self.posted: dict[int, datetime] = {}

    def refusal(self, found: "Asked", room: "LockedRoom", *, in_thread_only: bool) -> Refusal | None:
        """Why this post can't be taken now: code, words, and after how many seconds it could be. None where it can."""
        if found.administers:
            return None
        last = self.posted.get(found.membership_id or 0, found.posted_at)
        return refusal(room, last, found.now, in_thread_only=in_thread_only)

    def took(self, found: "Asked", room: "LockedRoom") -> None:
        """This post was taken."""
        if room.slow_seconds and found.membership_id is not None:
            self.posted[found.membership_id] = found.now


def refusal(room: Paced, last: datetime | None, now: datetime, *, in_thread_only: bool) -> Refusal | None:
    """What `Pace.refusal` says of one who does not look after the room and wrote there at `last` while it was slow."""
    if room.announcements and not (in_thread_only and room.open_replies):
        return "announcements", _("Only those who look after this room write here."), 0
    wait = room.slow_seconds - (now - last).total_seconds() if last else 0
    if not room.slow_seconds or wait <= 0:
        return None
    seconds = math.ceil(wait)
    detail = ngettext(
        "This room is slow: you can write again in %d second.",
        "This room is slow: you can write again in %d seconds.",
        seconds,
    )
    return "slow_mode", detail % seconds, math.ceil(wait * 10) / 10
