"""What one client shows of its room: fragments by position, and the revision up to which it has everything.

The rules are those of the page (chat/static/chat/js/live.js, guard.js), on plain values.
"""

import re
from collections.abc import Iterable
from typing import Any

from tests.chaos.records import Line

_ARTICLE = re.compile(
    r'<article class="message" data-id="m(\d+)" data-position="(\d+)" data-revision="(\d+)".*?</article>',
    re.DOTALL,
)


def parse(content: str) -> list[Line]:
    """The messages in a frame or in an HTTP answer."""
    return [
        Line(int(found[2]), int(found[1]), int(found[3]), found[0]) for found in _ARTICLE.finditer(content)
    ]


class Timeline:
    """`stale`: it must be loaded again before it may be trusted; what arrives meanwhile waits."""

    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        self.revision = 0
        self.stale = True
        self._waiting: list[Line] = []

    def take(self, lines: Iterable[Line]) -> None:
        """Upsert: by position, and nothing older than what is shown."""
        if self.stale:
            self._waiting.extend(lines)
            return
        for line in lines:
            present = self.lines.get(line.position)
            if present is None or present.revision < line.revision:
                self.lines[line.position] = line

    def covered(self, frame: dict[str, Any]) -> bool:
        """A frame covers the revisions from `after` to `revision`; False where one before it is missing."""
        if frame["after"] > self.revision:
            return False
        self.revision = max(self.revision, frame["revision"])
        return True

    def forget(self) -> None:
        """The server said `reset`: `resumed` will say the revision."""
        self.revision, self.stale = 0, True
        self._waiting.clear()

    def replace(self, lines: Iterable[Line]) -> None:
        """The window was loaded: show it, and apply what arrived meanwhile."""
        self.lines = {line.position: line for line in lines}
        self.stale = False
        waiting, self._waiting = self._waiting, []
        self.take(waiting)
