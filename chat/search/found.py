"""Finding messages, in the rooms that their reader may read.

Written out: of a search's 8 ms the ORM took three to put it together and to make three objects of each hit. Planned each
time: whether Postgres reads the index of words or walks back through the messages depends on how common the words are.
Words first, messages afterwards: a word of a thousand messages must not fetch a thousand of them to show twenty.
The newest MOST_COUNTED are counted, and ranked where the best come first: what is older is found by date.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection

from chat import fragments
from chat.search import found_files
from chat.search.found_files import HAS_WORDS, MOST_COUNTED
from chat.search.narrowing import narrowed
from chat.search.reader import Reader
from chat.text.highlighting import Marker
from tenants.prepared import Prepared

_OF_MESSAGE = "exists (select from chat_message message where message.id = words.message_id and {})"
_HAS = {
    "link": "words.has_link",
    "file": "exists (select from chat_attachment file where file.message_id = words.message_id)",
    "image": "exists (select from chat_attachment file where file.message_id = words.message_id and file.kind = 'image')",
    "video": "exists (select from chat_attachment file where file.message_id = words.message_id and file.kind = 'video')",
    "reaction": "exists (select from chat_reaction reaction where reaction.message_id = words.message_id)",
    "poll": "exists (select from chat_poll poll where poll.message_id = words.message_id)",
    "todo": "exists (select from chat_todolist todo where todo.message_id = words.message_id)",
    "pin": _OF_MESSAGE.format("message.pinned_at is not null"),
    "thread": "exists (select from chat_thread thread where thread.root_id = words.message_id "
    "and thread.messages > thread.tombstones)",
}
_IS = {
    "thread": _OF_MESSAGE.format("message.thread_id is not null"),
    "pinned": _HAS["pin"],
    "saved": "exists (select from chat_savedmessage saved "
    "where saved.message_id = words.message_id and saved.person_id = %(me)s)",
    "edited": _OF_MESSAGE.format("message.edited_at is not null"),
}
_BEFORE = """(words.created_at, words.message_id) < (
    select coalesce(text.created_at, last.created_at), last.id from chat_message last
    left join chat_messagetext text on text.message_id = last.id where last.id = %(before)s)"""

_FOUND = """
with found as materialized (
    select words.message_id, words.created_at{vector} from chat_messagetext words
    where words.room_id = any(%(rooms)s::bigint[]){conditions}
    order by words.created_at desc, words.message_id desc limit %(most)s
), best as (
    select message_id, created_at, {score} as score from found
    order by score desc, created_at desc, message_id desc limit %(limit)s offset %(skip)s
)
select counted.messages, counted.files, message.id, message.author_id, message.html, message.html_version,
       message.room_id
from (select (select count(*) from found) as messages, {files} as files) counted
left join (best join chat_message message on message.id = best.message_id) on true
order by best.score desc, best.created_at desc, best.message_id desc
"""
_COUNT = """
select count(*) from (
    select from chat_messagetext words where words.room_id = any(%(rooms)s::bigint[]){conditions} limit %(most)s) few
"""
# How well a message says it, and how lately: a quarter of a year halves it. What has the words themselves comes before what
# has other forms of them.
_SCORE = """(case when vector @@ to_tsquery('simple', %(exact)s) then 1.0 else 0.4 end)
    * (0.05 + ts_rank('{1, 1, 1, 1}', vector, to_tsquery('simple', %(words)s), 1))
    / (1 + greatest(0, extract(epoch from statement_timestamp() - created_at)) / 7776000)"""


class Hit(msgspec.Struct, frozen=True):
    """A message that was found; `html` is its fragment with the words marked. A direct message's room has no name."""

    message_id: int
    author_id: int
    html: str
    room_id: int
    room_kind: str
    room_name: str
    direct_key: str


class _Row(msgspec.Struct):
    """A row of _FOUND."""

    pk: int
    author_id: int
    html: str
    html_version: int
    room_id: int


@dataclass(frozen=True, slots=True)
class Page:
    hits: list[Hit]
    messages: int  # counts, 0 on further pages
    files: int
    more: bool


def find(reader: Reader, before: int | None, skip: int, limit: int, *, by_rank: bool, counted: bool) -> Page:
    """The newest messages that the reader asks for, or the best. Inside the organisation; one query."""
    conditions, values = _conditions(reader)
    if before is not None:
        conditions.append(_BEFORE)
        values["before"] = before
    values |= {"limit": limit + 1, "skip": skip if by_rank else 0}
    values["most"] = MOST_COUNTED if counted or by_rank else limit + 1
    files = "0"
    if counted:
        files, more = found_files.counting(reader)
        values |= more
    fetched = _rows(_statement(conditions, files, by_rank=by_rank), values)
    messages, file_count = fetched[0][:2]
    rows = [_Row(*row[2:]) for row in fetched if row[2] is not None]
    shown = rows[:limit]
    fragments.bring_up_to_date([row for row in shown if row.html_version != fragments.VERSION])
    marker = Marker(reader.query.terms, {other for words in reader.meant.values() for other in words})
    return Page([_hit(row, reader, marker) for row in shown], messages, file_count, len(rows) > limit)


def _statement(conditions: Iterable[str], files: str, *, by_rank: bool) -> str:
    return _FOUND.format(
        vector=", words.vector" if by_rank else "",
        score=_SCORE if by_rank else "0",
        conditions="".join(f"\n    and {one}" for one in conditions),
        files=files,
    )


# What most searches ask first: words alone, the best ones and how many there are.
_USUAL = _statement([HAS_WORDS], found_files.COUNT_OF_WORDS, by_rank=True)
_usual = Prepared(
    "search_best",
    _USUAL,
    planned_each_time=True,
    rooms="bigint[]",
    words="text",
    exact="text",
    most="bigint",
    limit="bigint",
    skip="bigint",
)


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    if statement == _USUAL:
        return _usual.rows(**values)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()  # type: ignore[no-any-return]


def count(reader: Reader) -> int:
    """How many messages, at most MOST_COUNTED. One query."""
    return count_both(reader)[0]


def count_both(reader: Reader) -> tuple[int, int]:
    """How many messages and files, each at most MOST_COUNTED. One query."""
    conditions, values = _conditions(reader)
    files, more = found_files.counting(reader)
    messages = _COUNT.format(conditions="".join(f"\n    and {one}" for one in conditions))
    with connection.cursor() as cursor:
        cursor.execute(f"select ({messages}), {files}", {**values, "most": MOST_COUNTED, **more})
        return cursor.fetchone()  # type: ignore[no-any-return]


def _conditions(reader: Reader) -> tuple[list[str], dict[str, Any]]:
    """What a row of words has to fulfil beside its room, and the values in it."""
    query = reader.query
    values: dict[str, Any] = {"rooms": reader.room_array, "me": reader.person.pk}
    conditions = []
    if words := query.widened(reader.meant):
        conditions.append(HAS_WORDS)
        values |= {"words": words, "exact": query.exact}
    conditions += narrowed(
        reader,
        values,
        room="words.room_id",
        message="words.message_id",
        author="words.author_id",
        when="words.created_at",
    )
    for known, operator in ((_HAS, "has"), (_IS, "is")):
        for one in query.of(operator):
            if one.value in known:
                conditions.append(f"not {known[one.value]}" if one.negated else known[one.value])
    return conditions, values


def _hit(row: _Row, reader: Reader, marker: Marker) -> Hit:
    room = reader.rooms[row.room_id]
    return Hit(row.pk, row.author_id, marker.html(row.html), room.id, room.kind, room.name, room.direct_key)
