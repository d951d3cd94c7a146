"""The reactions below a message: a chip for each emoji, with who reacted. The page says which are "mine"."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from django.db import connection

from chat.parts import people
from chat.text.emoji import Own

# In the order in which the emoji came, and the people within each.
_CHIPS = f"""
select chip.message_id, chip.emoji, chip.people, chip.count, own.id, own.name, own.version
from (
    select message_id, emoji, (array_agg(person_id order by id))[1:{people.NAMED}] as people, count(*) as count,
           min(id) as first
    from chat_reaction where message_id = any(%s) group by message_id, emoji
) chip
left join chat_customemoji own on own.id = case when chip.emoji ~ '^e[0-9]+$' then substr(chip.emoji, 2)::bigint end
order by chip.message_id, chip.first
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Chip:
    """An emoji, who reacted with it first, how many did; where it is one of the organisation's: that, and its name."""

    emoji: str
    people: Sequence[int]
    count: int
    own: Own | None = None
    name: str = ""


def draw(message_ids: Collection[int]) -> dict[int, str]:
    """The chips of these messages, by message; nothing for who has none. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_CHIPS, [list(message_ids)])
        rows = cursor.fetchall()
    chips: dict[int, list[Chip]] = {}
    for message_id, emoji, person_ids, count, own_id, name, version in rows:
        own = Own(own_id, version) if own_id else None
        chips.setdefault(message_id, []).append(Chip(emoji, person_ids, count, own, name or ""))
    return {message_id: drawn(reactions) for message_id, reactions in chips.items()}


def drawn(reactions: Iterable[Chip]) -> str:
    """The chips of one message as safe HTML. No queries."""
    return f'<div class="reactions">{"".join(map(_chip, reactions))}</div>'


def _chip(chip: Chip) -> str:
    shown = f'<span class="emoji">{escape(chip.emoji)}</span>'
    called = ""
    if chip.own:
        shown = f'<img class="emoji" src="{chip.own.url}" alt=":{chip.name}:" loading="lazy">'
        called = f' data-name=":{chip.name}:"'
    more = f' data-count="{chip.count}"' if chip.count > people.NAMED else ""
    return (
        f'<button type="button" class="reaction" data-emoji="{escape(chip.emoji)}"{people.names(chip.people)}{more}{called}>'
        f"{shown} {chip.count}</button>"
    )
