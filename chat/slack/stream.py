"""The messages of a channel as they will be written, one after the other. Pure but for reading the archive.

The check and the import go through the same stream, so what the report says is what comes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from chat.slack.names import Names
from chat.slack.problems import Problems
from chat.slack.reading import Export, messages_of
from chat.slack.shapes import Channel, SlackMessage
from chat.slack.translating import Item, author_of, bots_of, translate

SOON = -1


@dataclass
class Known:
    """What of a channel is there already, by `client_id`: a message's id where a thread can begin at it, `SOON` where
    that is about to be written, else 0."""

    ids: dict[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What one message of the export becomes (often nothing), and how far the channel is read with it."""

    day: int
    item: int
    items: list[Item]


def client_id(source: str, channel: str, micros: int, part: int = 0) -> UUID:
    """The name of a message that no other import of the same workspace gives to another one."""
    name = f"{source}/{channel}/{micros}" + (f"/{part}" if part else "")
    return UUID(bytes=hashlib.blake2b(name.encode(), digest_size=16).digest(), version=5)


class Stream:
    """Reads the messages of a channel and decides about each. `now` is in microseconds since 1970."""

    def __init__(self, export: Export, channel: Channel, names: Names, now: int) -> None:
        self._export, self._channel, self._names, self._now = export, channel, names, now
        self._bots = bots_of(export.users)

    def steps(self, known: Known, problems: Problems, day: int = 0, item: int = 0) -> Iterator[Step]:
        """From `item` of `day` on. Notes in `known` what comes; whoever writes it notes its ids."""
        for number, messages in messages_of(self._export, self._channel, problems, day):
            skipped = item if number == day else 0
            for index, message in enumerate(messages[skipped:], skipped + 1):
                yield Step(number, index, self._items(message, known, problems))

    def name(self, item: Item) -> UUID:
        return client_id(self._export.source, self._channel.id, item.micros, item.part)

    def root_name(self, micros: int) -> bytes:
        return client_id(self._export.source, self._channel.id, micros).bytes

    def _items(self, message: SlackMessage, known: Known, problems: Problems) -> list[Item]:
        author = author_of(message, self._bots)
        if self.root_name(message.micros) in known.ids:
            problems.add("repeated", message.place)
        elif message.micros > self._now:
            problems.add("in_the_future", message.place)
        elif author is None:
            problems.add("no_author", message.place)
        else:
            return [
                self._placed(item, known, problems)
                for item in translate(message, author, self._names, problems)
            ]
        return []

    def _placed(self, item: Item, known: Known, problems: Problems) -> Item:
        """A reply whose root is not there stands in the room."""
        if item.root is not None and not known.ids.get(self.root_name(item.root)):
            problems.add("no_root", item.place)
            item.root, item.in_room = None, True
        if item.edited is not None and item.edited > self._now:
            item.edited = None
        known.ids[self.name(item).bytes] = SOON if item.root is None and not item.system else 0
        return item
