"""What chat announces to the apps above it. All are sent inside the transaction, so receivers' rows commit with it.

`messages_posted`: posted (list of chat.messages.NewMessage). `message_deleted`: message_id. `read_position_changed`:
person_id, room_id, position. `personal_state`: person_id; a receiver returns fields for the `state` frame.
"""

from typing import Any

from django.dispatch import Signal

messages_posted = Signal()
message_edited = Signal()
message_deleted = Signal()
read_position_changed = Signal()
personal_state = Signal()


def personal_fields(person_id: int) -> dict[str, Any]:
    """What the apps above add to a person's state, such as the count of notifications. Inside the organisation."""
    answers: list[Any] = personal_state.send(sender=None, person_id=person_id)
    return {name: value for _, fields in answers for name, value in fields.items()}
