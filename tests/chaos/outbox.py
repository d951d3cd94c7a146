"""A client's messages on their way, sent again under the same client_id until they are acknowledged or refused.

The rules are those of chat/static/chat/js/outbox.js; what the page waits for is shortened here, and named.
"""

import time
from dataclasses import dataclass, field

from tests.chaos.records import Attempt

PATIENCE = 3.0  # seconds without a socket, then HTTP takes over
ANSWER = 5.0  # without an answer on the socket; the page waits 8
LONGEST_WAIT = 3.0  # between tries; the page goes up to 15
FINAL = frozenset(
    {
        "conflict",
        "too_long",
        "empty",
        "archived",
        "forbidden",
        "undeliverable",
        "naming",
        "malformed",
        "too_large",
        "not_found",
        "signed_out",
    }
)


@dataclass(slots=True)
class Item:
    """One message. `sent` on the socket that is open now; `waits` since when it could have been."""

    attempt: Attempt
    sent: float | None = None
    waits: float = field(default_factory=time.monotonic)
    tries: int = 0


class Outbox:
    """In the order of writing."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.held_until = 0.0

    def add(self, attempt: Attempt) -> None:
        self.items[str(attempt.client_id)] = Item(attempt)

    def answered(self, client_id: str) -> Item | None:
        """It is stored or refused for good."""
        return self.items.pop(client_id, None)

    def postponed(self, client_id: str, retry_after: float = 0.0) -> None:
        item = self.items.get(client_id)
        if item is not None:
            item.sent, item.waits = None, time.monotonic()
            item.tries += 1
            wait = min(retry_after or 0.2 * 2**item.tries, LONGEST_WAIT)
            self.held_until = max(self.held_until, time.monotonic() + wait)

    def disconnected(self) -> None:
        """What was sent on a socket that ended may have been stored or not: it goes out again."""
        for item in self.items.values():
            if item.sent is not None:
                item.sent, item.waits = None, time.monotonic()

    def to_send(self) -> list[Item]:
        """What an open socket should be given now."""
        return [] if self._held else [item for item in self.items.values() if item.sent is None]

    def overdue(self) -> Item | None:
        """The first message that HTTP should take over."""
        now = time.monotonic()
        if self._held:
            return None
        for item in self.items.values():
            waited = now - (item.sent or item.waits)
            if waited > (PATIENCE if item.sent is None else ANSWER):
                return item
        return None

    @property
    def _held(self) -> bool:
        return time.monotonic() < self.held_until
