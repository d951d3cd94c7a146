"""Polls and to-do lists below a message's text, in one query for both kinds.

People are named by id; of an anonymous poll there are counts only. Words, bars and buttons are the page's
(chat/static/chat/js/lists.js).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from html import escape
from typing import Any

import msgspec
from django.db import connection

from chat.parts import people

_LISTS = f"""
select poll.message_id, 'poll', json_build_array(poll.multiple, poll.anonymous, poll.open,
    extract(epoch from poll.closes_at), extract(epoch from poll.closed_at),
    (select count(distinct person_id) from chat_pollvote where poll_id = poll.message_id),
    (select coalesce(json_agg(json_build_array(option.number, option.text, votes.count, votes.people)
                              order by option.number), '[]')
     from chat_polloption option cross join lateral (
         select count(*) as count, coalesce((array_agg(vote.person_id order by vote.id))[1:{people.NAMED}], '{{}}') as people
         from chat_pollvote vote where vote.option_id = option.id) votes
     where option.poll_id = poll.message_id))::text
from chat_poll poll where poll.message_id = any(%(messages)s)
union all
select todo.message_id, 'todo', (select coalesce(json_agg(json_build_array(item.number, item.text, item.done_by_id,
        extract(epoch from item.done_at)) order by item.place, item.number), '[]')
     from chat_todoitem item where item.todo_id = todo.message_id)::text
from chat_todolist todo where todo.message_id = any(%(messages)s)
"""  # noqa: S608 - a constant


def draw(message_ids: Collection[int]) -> dict[int, str]:
    """The lists of these messages, by message. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTS, {"messages": list(message_ids)})
        rows = cursor.fetchall()
    found: dict[int, str] = {}
    for message_id, kind, content in rows:
        values: list[Any] = msgspec.json.decode(content)
        found[message_id] = todo(values) if kind == "todo" else poll(*values)
    return found


def poll(
    multiple: bool,
    anonymous: bool,
    is_open: bool,
    closes_at: float | None,
    closed_at: float | None,
    voters: int,
    options: Sequence[tuple[int, str, int, Sequence[int]]],
) -> str:
    """A poll as safe HTML; times in seconds since 1970; of each option its number, its text, how many chose it, and who
    first. No queries."""
    switches = {"data-multiple": multiple, "data-anonymous": anonymous, "data-open": is_open}
    about = "".join(f" {name}" for name, is_on in switches.items() if is_on)
    if closes_at is not None:
        about += f' data-closes="{closes_at:.0f}"'
    if closed_at is not None:
        about += " data-closed"
    drawn = "".join(_option(anonymous, *option) for option in options)
    return f'<div class="poll"{about} data-voters="{voters}"><ul>{drawn}</ul></div>'


def _option(anonymous: bool, number: int, text: str, count: int, person_ids: Sequence[int]) -> str:
    who = "" if anonymous else people.names(person_ids)
    return (
        f'<li data-option="{number}" data-count="{count}"{who}>'
        f"<bdi>{escape(text)}</bdi> <span>{count}</span></li>"
    )


def todo(items: Sequence[tuple[int, str, int | None, float | None]]) -> str:
    """A to-do list as safe HTML: (number, text, done by, done at) in their order. No queries."""
    return f'<div class="todo"><ul>{"".join(_item(*item) for item in items)}</ul></div>'


def _item(number: int, text: str, done_by: int | None, done_at: float | None) -> str:
    done = f' data-by="p{done_by or 0}" data-at="{done_at:.0f}"' if done_at is not None else ""
    return f'<li data-item="{number}"{done}><bdi>{escape(text)}</bdi></li>'


def timestamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
