"""What happened to a room, said in the room itself. Nobody is notified and nothing is unread by it."""

import uuid
from typing import TYPE_CHECKING

from chat import broadcasts, fragments, sql
from chat.imports import new_ids, next_time
from chat.models import Message, Room
from chat.posts import digest

if TYPE_CHECKING:
    from accounts.models import Person


def say_in(room: Room, person: "Person", text: str) -> Message:
    """Post what `person` did into the locked `room`. Names in it mention nobody. Four statements."""
    (drawn,) = fragments.render_all([text], [person.pk])
    (locked,) = sql.lock_rooms([room.pk])
    after, now = locked.head, sql.clock()
    locked.messages, locked.head = locked.messages + 1, locked.head + 1
    locked.last_message_at = next_time(locked, now)
    message = Message(
        pk=new_ids(1)[0],
        room_id=room.pk,
        author_id=person.pk,
        position=locked.messages,
        revision=locked.head,
        client_id=uuid.uuid4(),
        kind=Message.Kind.SYSTEM,
        text=text,
        digest=digest(text),
        html_version=fragments.VERSION,
        created_at=locked.last_message_at,
    )
    message.html = fragments.draw(message, drawn)
    sql.insert_messages([message], [drawn], [locked], {})
    room.messages, room.head, room.last_message_at = locked.messages, locked.head, locked.last_message_at
    broadcasts.messages_changed(room.pk, after, room.head, [message.html])
    return message
