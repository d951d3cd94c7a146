"""Where a message comes from: what it passes on of another one, and that it was moved; on its tombstone, where it went.

The page adds who and when, and the room's name for those who may know it (chat/static/chat/js/quotes.js asks).
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db import connection

_ORIGINS = """
select message_id, 'moved', null, moved_by_id, posted_at, '' from (
    select distinct on (message_id) * from chat_move
    where message_id = any(%s) order by message_id, tombstone_id desc) move
union all
select message_id, 'forward', original_id, author_id, posted_at, html from chat_forward where message_id = any(%s)
"""
_AWAY = "select tombstone_id, message_id from chat_move where tombstone_id = any(%s)"


def draw(message_ids: Collection[int]) -> dict[int, str]:
    """What these messages show of where they come from, by message. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ORIGINS, [list(message_ids)] * 2)
        rows = cursor.fetchall()
    found: defaultdict[int, str] = defaultdict(str)
    for message_id, kind, other_id, person_id, moment, html in rows:
        if kind == "moved":
            about = f'data-by="p{person_id or 0}" data-said="{moment.timestamp():.6f}"'
            found[message_id] += f'<p class="moved-mark" {about}></p>'
        else:
            found[message_id] += forwarded(other_id, person_id, moment, html)
    return dict(found)


def draw_away(message_ids: Collection[int]) -> dict[int, str]:
    """On those of these tombstones that were moved, the place for where they went. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_AWAY, [list(message_ids)])
        return {old: f'<p class="moved-away" data-origin="m{new}"></p>' for old, new in cursor.fetchall()}


def forwarded(original_id: int | None, author_id: int, posted_at: datetime, html: str) -> str:
    """A message that is passed on, as safe HTML; `html` is its drawn text. No queries."""
    origin = f' data-origin="m{original_id}"' if original_id else ""
    about = f'data-said-by="p{author_id}" data-said="{posted_at.timestamp():.6f}"'
    prose = f'<div class="prose">{html}</div>' if html else ""
    return f'<blockquote class="forward" {about}{origin}><p class="forward-head"></p>{prose}</blockquote>'
