"""Putting messages into a room that nobody sees yet, some hundred in one transaction. Inside the organisation.

What a post keeps is kept here too (DESIGN 1): positions and revisions without gaps under the room's lock, times that
increase, words for the search. Nobody is notified, and nothing is published. Threads are drawn when the room is
complete (`draw_threads`): until then their roots say html_version 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from accounts.encryption import encrypt
from chat import fragments, imports, sql
from chat.models import Import, ImportedFile, Message, Reaction, Room
from chat.parts import reactions
from chat.posts import digest
from chat.slack.people import People
from chat.slack.shapes import Channel, microseconds
from chat.slack.stream import SOON, Known, Stream
from chat.slack.translating import Author, Item
from chat.text import Rendered

MOST_PINS = 100
_NOTHING = Rendered("", frozenset(), False, "")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DRAWN_AT_ONCE = 300
_OPEN = """
select root.id, root.author_id, coalesce(thread.messages, 0), coalesce(thread.tombstones, 0)
from chat_message root left join chat_thread thread on thread.root_id = root.id where root.id = any(%s)
"""
_THREADS = """
with rooted as (update chat_message set html_version = 0 where id = any(%(roots)s))
insert into chat_thread (root_id, room_id, messages, tombstones, last_reply_at)
select * from unnest(%(roots)s::bigint[], %(rooms)s::bigint[], %(messages)s::bigint[], %(tombstones)s::bigint[],
                     %(last)s::timestamptz[])
on conflict (root_id) do update set messages = excluded.messages, tombstones = excluded.tombstones,
                                    last_reply_at = excluded.last_reply_at
"""
_FOLLOWS = """
insert into chat_threadfollow (thread_id, person_id, following, read_position, unread)
select thread, person, true, 0, false from unnest(%s::bigint[], %s::bigint[]) as follow (thread, person)
on conflict (thread_id, person_id) do nothing
"""
_MENTIONS = """
insert into chat_mention (message_id, person_id, room_id, position, created_at)
select * from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[])
on conflict do nothing
"""
_UNDRAWN = (
    "select id from chat_message where room_id = %s and html_version = 0 and id > %s order by id limit %s"
)
_DRAW = """
update chat_message set html = drawn.html, html_version = %s
from unnest(%s::bigint[], %s::text[]) as drawn (id, html) where chat_message.id = drawn.id
"""
_PIN = """
update chat_message set pinned_at = pin.at, pinned_by_id = pin.person, html_version = 0
from unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) as pin (id, at, person)
where chat_message.id = pin.id and chat_message.pinned_at is null  -- else it would wait to be drawn again and again
"""


@dataclass
class _Thread:
    author_id: int
    messages: int
    tombstones: int
    last_reply_at: datetime | None = None
    people: set[int] = field(default_factory=set)


class Writer:
    """Writes into one room. `members` are the ids of those who will be in it: only they are mentioned."""

    def __init__(
        self, running: Import, room_id: int, stream: Stream, people: People, members: set[int]
    ) -> None:
        self._running, self._room_id, self._stream = running, room_id, stream
        self._people, self._members = people, members

    def write(self, items: Sequence[Item], known: Known) -> None:
        """In a transaction. Notes in `known` what was written. Some ten statements, however many items."""
        self._people.make(_authors(items))
        (room,) = sql.lock_rooms([self._room_id])
        author_ids = [self._people[item.author.key] for item in items]
        texts = ["" if item.deleted else item.text for item in items]
        rendered = [
            _NOTHING if item.deleted else drawn for item, drawn in zip(items, _rendered(texts), strict=True)
        ]
        ids = imports.new_ids(len(items))
        by_root = self._opened(items, known, dict(zip(ids, author_ids, strict=True)))
        messages = []
        for number, item in enumerate(items):
            root_id = known.ids[self._stream.root_name(item.root)] if item.root is not None else None
            message = self._message(item, ids[number], author_ids[number], room)
            if root_id is not None:
                _number(message, root_id, by_root[root_id])
            message.mentions_room = rendered[number].mentions_room
            below = reactions.drawn(chips) if (chips := self._chips(item)) else ""
            message.html = fragments.draw(message, None if item.deleted else rendered[number], below)
            messages.append(message)
        self._insert(messages, rendered, room)
        _save_threads(by_root, self._room_id)
        self._save_reactions(items, messages)
        self._save_files(items, messages)

    def _opened(self, items: Sequence[Item], known: Known, new: dict[int, int]) -> dict[int, _Thread]:
        """The threads in which `items` reply. Notes the ids of `items` on the way: a root may be among them."""
        for item, message_id in zip(items, new, strict=True):
            name = self._stream.name(item).bytes
            if known.ids[name] == SOON:
                known.ids[name] = message_id
        roots = {known.ids[self._stream.root_name(item.root)] for item in items if item.root is not None}
        opened = {root: _Thread(new[root], 0, 0) for root in roots if root in new}
        older = [root for root in roots if root not in new]
        if older:
            with connection.cursor() as cursor:
                cursor.execute(_OPEN, [older])
                opened |= {root_id: _Thread(*rest) for root_id, *rest in cursor.fetchall()}
        return opened

    def _message(self, item: Item, message_id: int, author_id: int, room: sql.LockedRoom) -> Message:
        created_at = imports.next_time(room, _time(item.micros) + timedelta(microseconds=item.part))
        room.head += 1
        room.last_message_at = created_at
        if item.in_room:
            room.messages += 1
        text = "" if item.deleted else item.text
        return Message(
            pk=message_id,
            room_id=room.room_id,
            author_id=author_id,
            position=room.messages if item.in_room else None,
            revision=room.head,
            client_id=self._stream.name(item),
            kind=Message.Kind.SYSTEM if item.system else Message.Kind.IMPORTED,
            text=text,
            digest=digest(text),
            html_version=fragments.VERSION,
            created_at=created_at,
            edited_at=max(_time(item.edited), created_at) if item.edited is not None else None,
            deleted_at=created_at if item.deleted else None,
        )

    def _chips(self, item: Item) -> list[reactions.Chip]:
        """Each emoji with who reacted; two people of the export may be one here."""
        found: dict[str, list[int]] = {}
        for emoji, keys in item.reactions:
            some = found.setdefault(emoji, [])
            some += [one for one in dict.fromkeys(self._people[key] for key in keys) if one not in some]
        return [reactions.Chip(emoji, people, len(people)) for emoji, people in found.items() if people]

    def _insert(self, messages: list[Message], rendered: list[Rendered], room: sql.LockedRoom) -> None:
        sql.insert_messages(messages, rendered, [room], {})
        imports.save_fates(messages)
        rows = [
            (message.pk, person_id, self._room_id, message.position, message.created_at)
            for message, drawn in zip(messages, rendered, strict=True)
            for person_id in sorted(drawn.person_ids & self._members - {message.author_id})
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(_MENTIONS, [list(column) for column in zip(*rows, strict=True)])

    def _save_reactions(self, items: Sequence[Item], messages: Sequence[Message]) -> None:
        Reaction.objects.bulk_create(
            Reaction(message=message, person_id=person_id, emoji=chip.emoji, created_at=message.created_at)
            for item, message in zip(items, messages, strict=True)
            for chip in self._chips(item)
            for person_id in chip.people
        )

    def _save_files(self, items: Sequence[Item], messages: Sequence[Message]) -> None:
        ImportedFile.objects.bulk_create(
            ImportedFile(
                imported_by=self._running,
                message=message,
                address=encrypt(one.url),
                name=one.name,
                content_type=one.mimetype[:100],
                size=one.size,
                line=one.line,
            )
            for item, message in zip(items, messages, strict=True)
            for one in item.files
            if one.url and not item.deleted
        )

    def pin(self, channel: Channel, known: Known) -> int:
        """Pin what the channel has pinned; returns how many. In a transaction."""
        rows = {}
        for pin in channel.pins or []:
            micros = microseconds(pin.id)
            message_id = known.ids.get(self._stream.root_name(micros)) if micros is not None else None
            created = microseconds(pin.created)
            if message_id:
                rows[message_id] = (_time(created or micros or 0), self._pinner(pin.user))
        kept = list(rows.items())[:MOST_PINS]
        if kept:
            columns: list[Any] = [
                [pk for pk, _ in kept],
                [at for _, (at, _) in kept],
                [who for _, (_, who) in kept],
            ]
            with connection.cursor() as cursor:
                cursor.execute(_PIN, columns)
            Room.objects.filter(pk=self._room_id).update(pins=len(kept))
        return len(kept)

    def _pinner(self, key: str | None) -> int | None:
        if not key:
            return None
        self._people.make([Author(key)])
        return self._people[key]


def _number(message: Message, root_id: int, thread: _Thread) -> None:
    """Make `message` the thread's next reply."""
    thread.messages += 1
    thread.tombstones += message.deleted_at is not None
    thread.last_reply_at = message.created_at
    thread.people |= {thread.author_id, message.author_id}
    message.thread_id, message.thread_position = root_id, thread.messages


def _save_threads(threads: dict[int, _Thread], room_id: int) -> None:
    if not threads:
        return
    values = list(threads.values())
    follows = [(root_id, person) for root_id, thread in threads.items() for person in sorted(thread.people)]
    with connection.cursor() as cursor:
        cursor.execute(
            _THREADS,
            {
                "roots": list(threads),
                "rooms": [room_id] * len(threads),
                "messages": [thread.messages for thread in values],
                "tombstones": [thread.tombstones for thread in values],
                "last": [thread.last_reply_at for thread in values],
            },
        )
        cursor.execute(_FOLLOWS, [list(column) for column in zip(*follows, strict=True)])


def _authors(items: Sequence[Item]) -> list[Author]:
    authors = [item.author for item in items]
    keys = {key for item in items for _emoji, people in item.reactions for key in people}
    return [*authors, *(Author(key) for key in sorted(keys - {author.key for author in authors}))]


def draw_some(room_id: int, after: int) -> int | None:
    """Draw some of what waits for it, behind the message `after`; the last one's id, None when all is done."""
    with connection.cursor() as cursor:
        cursor.execute(_UNDRAWN, [room_id, after, _DRAWN_AT_ONCE])
        ids = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return None
        messages = Message.objects.in_bulk(ids)
        rendered = _rendered([messages[pk].text for pk in ids])
        fragments.draw_again(messages.values(), dict(zip(ids, rendered, strict=True)))
        cursor.execute(_DRAW, [fragments.VERSION, ids, [messages[pk].html for pk in ids]])
    return ids[-1]


def known_of(room_id: int) -> Known:
    """What is in a room already. One query."""
    rows = Message.objects.filter(room_id=room_id).values_list("client_id", "pk", "thread_id", "kind")
    return Known(
        {
            name.bytes: 0 if thread_id or kind == Message.Kind.SYSTEM else pk
            for name, pk, thread_id, kind in rows.iterator(5_000)
        }
    )


def _rendered(texts: Sequence[str]) -> list[Rendered]:
    """Drawn for nobody in particular: guests name whom they share a room with, and nobody is in this one yet."""
    return fragments.render_all(texts, [0] * len(texts))


def _time(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
