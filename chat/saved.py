"""Messages that a person saved for later, which nobody else ever learns of. Inside the organisation.

Open or done; the sidebar counts the open ones. What they may no longer read is neither shown nor counted.
"""

from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from chat import broadcasts, fragments
from chat.access import message_for, visible_rooms
from chat.models import Message, SavedMessage

if TYPE_CHECKING:
    from accounts.models import Person

SHOWN = 30  # at a time
MARKED = 300  # of the newest open ones a page marks the messages

# The condition is that of `_shown`; tests/chat/test_saved.py compares them.
_OPEN = """
chat_savedmessage saved
join chat_message message on message.id = saved.message_id and message.deleted_at is null
join chat_room room on room.id = message.room_id
    and (message.position is null or message.position >= room.first_position)
where saved.person_id = %(person)s and saved.done_at is null and (
    exists (select from chat_membership member
            where member.room_id = room.id and member.person_id = saved.person_id and member.left_at is null)
    or room.kind = 'public' and not exists (
        select from accounts_person reader where reader.id = saved.person_id and reader.role = 'guest'))
"""
# For `chat.signals.personal_counts` and `personal_lists`; the index `saved_message_newest` answers both.
OPEN_COUNT = f"select count(*) from {_OPEN}"  # noqa: S608 - constants only
OPEN_MESSAGES = f"""
select coalesce(array_agg('m' || newest.message_id), '{{}}') from (
    select saved.message_id from {_OPEN} order by saved.saved_at desc limit {MARKED}) newest
"""  # noqa: S608 - constants only
_SAVE = """
insert into chat_savedmessage as saved (person_id, message_id, saved_at) values (%s, %s, clock_timestamp())
on conflict (message_id, person_id) do update set done_at = null, saved_at = excluded.saved_at
where saved.done_at is not null
returning id
"""


@transaction.atomic
def save_message(person: "Person", room_id: int, message_id: int) -> None:
    """Save a message for later, or open again what was done. Again changes nothing.

    Raises Message.DoesNotExist for what `person` can't see, for tombstones and for what nobody wrote.
    """
    message = message_for(person, room_id, message_id)
    if message.deleted_at is not None or message.kind == Message.Kind.SYSTEM:
        raise Message.DoesNotExist
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [person.pk, message.pk])
        changed = cursor.fetchone()
    if changed:
        _tell(person, message.pk, "open")


@transaction.atomic
def finish_message(person: "Person", room_id: int, message_id: int) -> None:
    """`person` is done with what they saved. Again, or without having saved it, changes nothing. Raises
    Message.DoesNotExist."""
    message = message_for(person, room_id, message_id)
    if SavedMessage.objects.filter(person=person, message=message, done_at__isnull=True).update(
        done_at=Now()
    ):
        _tell(person, message.pk, "done")


@transaction.atomic
def forget_message(person: "Person", room_id: int, message_id: int) -> None:
    """Save it no more, open or done. Raises Message.DoesNotExist."""
    message = message_for(person, room_id, message_id)
    if SavedMessage.objects.filter(person=person, message=message).delete()[0]:
        _tell(person, message.pk, "")


def saved_messages(person: "Person", *, done: bool = False, page: int = 1) -> tuple[list[Message], bool]:
    """At most 30 saved messages with their rooms, those saved last on top, or done with last; and whether there are
    more. One query."""
    begin = (min(page, 10_000) - 1) * SHOWN
    newest = _shown(person).filter(done_at__isnull=not done).order_by("-done_at", "-saved_at", "-pk")
    rows = list(newest.select_related("message__room")[begin : begin + SHOWN + 1])
    messages = [row.message for row in rows[:SHOWN]]
    fragments.bring_up_to_date([one for one in messages if one.html_version != fragments.VERSION])
    return messages, len(rows) > SHOWN


def open_count(person: "Person") -> int:
    """How many of their saved messages are open. One query."""
    return _shown(person).filter(done_at__isnull=True).count()


def _shown(person: "Person") -> QuerySet[SavedMessage]:
    there = Q(message__position__isnull=True) | Q(message__position__gte=F("message__room__first_position"))
    return SavedMessage.objects.filter(
        there, person=person, message__deleted_at__isnull=True, message__room__in=visible_rooms(person)
    )


def _tell(person: "Person", message_id: int, state: str) -> None:
    broadcasts.saved_changed(person.pk, message_id, state, open_count(person))
