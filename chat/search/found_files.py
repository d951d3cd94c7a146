"""Finding files by their names and by what texts among them say, in the rooms that their reader may read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from chat.search.narrowing import narrowed
from chat.search.reader import Reader
from chat.text.highlighting import Marker

MOST_COUNTED = 1_000
HAS_WORDS = "words.vector @@ to_tsquery('simple', %(words)s)"
# What a file can have or be; nothing else that messages have is true of one.
_HAS = {"file": "true", "image": "file.kind = 'image'", "video": "file.kind = 'video'"}

_FROM = """
chat_attachmenttext words
join chat_attachment file on file.id = words.attachment_id and file.message_id is not null{posted}
where file.room_id = any(%(rooms)s::bigint[]) and file.state = 'ready'{conditions}"""
_POSTED = "\njoin chat_message posted on posted.id = file.message_id and posted.deleted_at is null"
_FILES = """
select file.id, file.name, file.size, file.kind, file.thumbnail <> '', file.excerpt, file.uploader_id, file.message_id,
       file.room_id, posted.created_at
from {source}
order by file.id desc limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class FileHit:
    """A file that was found; `size` in bytes, `excerpt` around what was found in a text."""

    file_id: int
    name: str
    size: int
    kind: str
    has_thumbnail: bool
    excerpt: str
    uploader_id: int
    message_id: int
    room_id: int
    posted_at: datetime
    room_kind: str
    room_name: str
    direct_key: str
    marker: Marker


def find(reader: Reader, before: int | None, limit: int) -> tuple[list[FileHit], int | None, int]:
    """The newest files that the reader asks for, older than the file `before`; the `before` of further ones; and how many
    there are in all, at most MOST_COUNTED. Inside the organisation; one query."""
    conditions, values = _conditions(reader)
    counted = _count(conditions)
    if before is not None:
        conditions, counted = [*conditions, "file.id < %(before)s"], "0"
        values["before"] = before
    page = _FILES.format(source=_from(conditions, _POSTED))
    statement = f"select counted.number, page.* from (select {counted} as number) counted left join ({page}) page on true order by page.id desc"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "limit": limit + 1})
        rows = cursor.fetchall()
    marker = Marker(reader.query.terms, {other for words in reader.meant.values() for other in words})
    hits = []
    for _number, *columns in rows:
        if columns[0] is not None:
            room = reader.rooms[columns[8]]
            placed = (*columns, room.kind, room.name, room.direct_key, marker)
            hits.append(FileHit(*placed))
    return hits[:limit], hits[limit - 1].file_id if len(hits) > limit else None, rows[0][0]


def counting(reader: Reader) -> tuple[str, dict[str, Any]]:
    """An expression that counts the files, at most MOST_COUNTED, and the values in it."""
    conditions, values = _conditions(reader)
    return _count(conditions), values


def _conditions(reader: Reader) -> tuple[list[str], dict[str, Any]]:
    query = reader.query
    asked = [
        one
        for one in query.filters
        if one.operator == "has" or (one.operator == "is" and one.value != "direct")
    ]
    values: dict[str, Any] = {"rooms": reader.room_array}
    conditions = []
    if words := query.widened(reader.meant):
        conditions.append(HAS_WORDS)
        values["words"] = words
    for one in asked:
        known = _HAS.get(one.value, "false")
        conditions.append(f"not ({known})" if one.negated else known)
    conditions += narrowed(
        reader,
        values,
        room="file.room_id",
        message="file.message_id",
        author="file.uploader_id",
        when="posted.created_at",
    )
    return conditions, values


def _from(conditions: Iterable[str], posted: str) -> str:
    return _FROM.format(posted=posted, conditions="".join(f"\n    and {one}" for one in conditions))


def _count(conditions: Sequence[str]) -> str:
    """A message that is deleted takes its files along (chat.receivers), so they are counted without a look at it unless its
    date is asked for: to plan for its table took Postgres a tenth of a millisecond, a quarter of what a search's plan took."""
    source = _from(conditions, _POSTED if any("posted." in one for one in conditions) else "")
    return f"(select count(*) from (select from {source} limit {MOST_COUNTED}) few)"  # noqa: S608


# `counting` of words alone.
COUNT_OF_WORDS = _count([HAS_WORDS])
