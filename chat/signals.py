"""What chat announces to the apps above it. All are sent inside the transaction, so receivers' rows commit with it.

`messages_posted`: posted (list of chat.messages.NewMessage). `message_deleted`: message_id.
`read_positions_changed`: read (list of person_id, room_id, position). `threads_read`: read (list of person_id, root_id,
thread_position). `personal_counts` only asks: a receiver returns,
by name, what it counts for a person, as an SQL query of one value about `%(person)s`, so that a page brings it in the
statement it needs anyway.
"""

from typing import Any

from django.db import connection
from django.dispatch import Signal

messages_posted = Signal()
message_edited = Signal()
message_deleted = Signal()
read_positions_changed = Signal()
threads_read = Signal()
personal_counts = Signal()


def counting() -> dict[str, str]:
    """The queries of `personal_counts` by name; the same for everybody."""
    answers: list[Any] = personal_counts.send(sender=None)
    return {name: query for _, queries in answers for name, query in queries.items()}


def personal_fields(person_id: int) -> dict[str, int]:
    """What the apps above count for a person, such as unread notifications. Inside the organisation; one query."""
    queries = counting()
    if not queries:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {', '.join(f'({query})' for query in queries.values())}", {"person": person_id}
        )
        return dict(zip(queries, cursor.fetchone(), strict=True))
