"""The reactions below a message: a chip for each emoji, with who reacted. The page says which are "mine"."""

from collections.abc import Collection
from html import escape

from django.db import connection

# In the order in which the emoji came, and the people within each.
_CHIPS = """
select message_id, emoji, array_agg(person_id order by id)
from chat_reaction where message_id = any(%s) group by message_id, emoji order by message_id, min(id)
"""


def draw(message_ids: Collection[int]) -> dict[int, str]:
    """The chips of these messages, by message; nothing for who has none. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_CHIPS, [list(message_ids)])
        rows = cursor.fetchall()
    chips: dict[int, list[str]] = {}
    for message_id, emoji, person_ids in rows:
        chips.setdefault(message_id, []).append(_chip(emoji, person_ids))
    return {
        message_id: f'<div class="reactions">{"".join(drawn)}</div>' for message_id, drawn in chips.items()
    }


def _chip(emoji: str, person_ids: list[int]) -> str:
    people = " ".join(f"p{person_id}" for person_id in person_ids)
    shown = escape(emoji)
    return (
        f'<button type="button" class="reaction" data-emoji="{shown}" data-people="{people}">'
        f'<span class="emoji">{shown}</span> {len(person_ids)}</button>'
    )
