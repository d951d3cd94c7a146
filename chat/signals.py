"""What chat announces to the apps above it. All are sent inside the transaction, so receivers' rows commit with it.

`messages_posted`: posted (list of chat.posts.NewMessage). `messages_deleted`: messages (a list,
of one room).
`messages_moved`: moved (list of what stayed, chat.models.Message, and what it became), room.
`people_mentioned`: message, mentioned_ids (of people who came into the room after it).
`read_positions_changed`: read (list of person_id, room_id, position). `threads_read`: read (list of person_id, root_id,
thread_position). `marked_unread_again`: person_id, rooms and threads (lists of id, position read before and
after) that `person` had marked read, and takes back; `at` which time, if that is known. `reminder_due`: reminder, and its message where the person may read it.
`scheduled_refused`: scheduled, whose `problem` says why it was not posted. `personal_counts` only asks: a
receiver returns, by name, what it counts or lists for a person, as an SQL query of one value about `%(person)s`, so that
a page brings it in the statement it needs anyway. `poll_will_close`: message, closes_at. `slash_commands` asks for more of them: a receiver returns
chat.commands.Command objects. `personal_lists` asks likewise for what only the personal socket's state has.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.dispatch import Signal

messages_posted = Signal()
message_edited = Signal()
people_mentioned = Signal()
messages_deleted = Signal()
messages_moved = Signal()
read_positions_changed = Signal()
threads_read = Signal()
marked_unread_again = Signal()
reminder_due = Signal()
scheduled_refused = Signal()
personal_counts = Signal()
slash_commands = Signal()
poll_will_close = Signal()
personal_lists = Signal()


def counting() -> dict[str, str]:
    """The queries of `personal_counts` by name; the same for everybody."""
    return _asked(personal_counts)


def _asked(signal: Signal) -> dict[str, str]:
    answers: list[Any] = signal.send(sender=None)
    return {name: query for _, queries in answers for name, query in queries.items()}


def personal_fields(person_id: int, also: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """What the apps above count and list for a person, such as unread notifications, and what `also` asks for. Inside the
    organisation; one query."""
    queries = counting() | _asked(personal_lists) | dict(also)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {', '.join(f'({query})' for query in queries.values())}", {"person": person_id}
        )
        return dict(zip(queries, cursor.fetchone(), strict=True))
