"""What `from:`, dates and the beginning of what somebody may see mean to a statement: conditions, and the values in them."""

from typing import Any

from chat.search.reader import Reader

# In rooms whose beginning the reader may not see. A reply is as old as what it replies to.
_CUT = """({room} <> all(%(cut)s) or exists (
        select from chat_message message
        left join chat_message root on root.id = message.thread_id
        join unnest(%(cut)s, %(first)s) as begins (room_id, position) on begins.room_id = message.room_id
        where message.id = {message} and coalesce(root.position, message.position) >= begins.position))"""


def narrowed(
    reader: Reader, values: dict[str, Any], *, room: str, message: str, author: str, when: str
) -> list[str]:
    """Conditions about these columns; their values are added to `values`."""
    return [
        *_authors(reader, values, author),
        *_days(reader, values, when),
        *_beginnings(reader, values, room, message),
    ]


def _authors(reader: Reader, values: dict[str, Any], author: str) -> list[str]:
    asked = reader.query.of("from")
    wanted = [one for one in asked if not one.negated]
    unwanted = [one for one in asked if one.negated]
    conditions = []
    if wanted:
        values["authors"] = reader.authors(wanted)
        conditions.append(f"{author} = any(%(authors)s)")
    if unwanted:
        values["others"] = reader.authors(unwanted)
        conditions.append(f"{author} <> all(%(others)s)")
    return conditions


def _days(reader: Reader, values: dict[str, Any], when: str) -> list[str]:
    conditions = []
    for number, (begins, ends, one) in enumerate(reader.days()):
        first, last = f"begins{number}", f"ends{number}"
        values |= {first: begins, last: ends}
        condition = {
            "before": f"{when} < %({first})s",
            "after": f"{when} >= %({last})s",
            "during": f"({when} >= %({first})s and {when} < %({last})s)",
        }[one.operator]
        conditions.append(f"not {condition}" if one.negated else condition)
    return conditions


def _beginnings(reader: Reader, values: dict[str, Any], room: str, message: str) -> list[str]:
    later = {one.id: one.first for one in reader.rooms.values() if one.first > 1}
    if not later:
        return []
    values |= {"cut": list(later), "first": list(later.values())}
    return [_CUT.format(room=room, message=message)]
