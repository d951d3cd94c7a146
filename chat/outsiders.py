"""People whom a message names and who are not in its room: its author may bring them in."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from chat import broadcasts, changes, fragments, mentions, signals, threads
from chat.access import message_for
from chat.memberships import add_members
from chat.models import Message
from chat.room_names import NotAllowed, RoomRefused

if TYPE_CHECKING:
    from accounts.models import Person


@transaction.atomic
def bring_in(person: "Person", room_id: int, message_id: int, person_ids: Collection[int]) -> list[int]:
    """Add people whom `person`'s own message names to its room, and mention them by it. Inside an organisation.

    Returns the ids of those whom it mentions now and did not before. Raises Message.DoesNotExist, NotAllowed for
    messages of others, RoomRefused for whom it does not name, and as `memberships.add_members`.
    """
    message = message_for(person, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    if message.author_id != person.pk:
        raise NotAllowed(_("Only who wrote a message brings people in by it."))
    (drawn,) = fragments.render_all([message.text], [person.pk])
    if not person_ids or not drawn.person_ids.issuperset(person_ids):
        raise RoomRefused("unknown_person", _("The message does not name these people."))
    add_members(person, room_id, person_ids)
    room, message = changes.changing(person, room_id, message_id)  # again, now that nobody else changes it
    new = mentions.add(message, person_ids)
    if new:
        changes.redraw(room, message)
        broadcasts.mentioned(message, new)
    if message.thread_id is not None:
        threads.begin_following(message, new)
    signals.people_mentioned.send(sender=None, message=message, mentioned_ids=new)
    return new
