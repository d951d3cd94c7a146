"""Hears of what happens in chat, inside its transaction; `chat` knows nothing of notifications."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from chat import signals
from chat.marking import Moved
from chat.models import Mention, Message, Reminder, Room, ScheduledMessage
from chat.posts import NewMessage
from notifications import inbox, recipients


@receiver(signals.messages_posted)
def tell_of_new_messages(posted: list[NewMessage], **kwargs: Any) -> None:
    inbox.deliver(recipients.entries_for(posted))


@receiver(signals.message_edited)
def tell_of_new_mentions(message: Message, mentioned_ids: list[int], **kwargs: Any) -> None:
    inbox.show_edited(message, recipients.excerpt(message.text))
    if message.room.is_direct:
        return
    inbox.withdraw_mentions(
        message.pk, keep=Mention.objects.filter(message=message).values_list("person_id", flat=True)
    )
    tell_of_late_mentions(message, mentioned_ids)


@receiver(signals.people_mentioned)
def tell_of_late_mentions(message: Message, mentioned_ids: list[int], **kwargs: Any) -> None:
    if mentioned_ids:
        name = recipients.names_of({message.author_id})[message.author_id]
        title = recipients.mention_title(name, message.room.name)
        inbox.deliver(recipients.mention_entries(message, mentioned_ids, title))


@receiver(signals.messages_deleted)
def withdraw_deleted(messages: Sequence[Message], **kwargs: Any) -> None:
    inbox.withdraw([message.pk for message in messages])


@receiver(signals.read_positions_changed)
def read_with_the_rooms(read: list[tuple[int, int, int]], **kwargs: Any) -> None:
    inbox.mark_rooms_read(read)


@receiver(signals.threads_read)
def read_with_the_threads(read: list[tuple[int, int, int]], **kwargs: Any) -> None:
    inbox.mark_threads_read(read)


@receiver(signals.marked_unread_again)
def unread_with_rooms_and_threads(
    person_id: int, rooms: list[Moved], threads: list[Moved], at: datetime | None, **kwargs: Any
) -> None:
    inbox.mark_unread_again(person_id, rooms, threads, at)


@receiver(signals.reminder_due)
def deliver_a_reminder(reminder: Reminder, message: Message | None, **kwargs: Any) -> None:
    inbox.deliver([recipients.reminder_entry(reminder, message)])


@receiver(signals.scheduled_refused)
def tell_of_a_scheduled_message(scheduled: ScheduledMessage, **kwargs: Any) -> None:
    inbox.deliver([recipients.scheduled_entry(scheduled)])


@receiver(signals.personal_counts)
def unread_notifications(**kwargs: Any) -> dict[str, str]:
    return {"notifications": inbox.UNREAD_COUNT}


@receiver(signals.messages_moved)
def follow_moved(moved: list[tuple[Message, Message]], room: Room, **kwargs: Any) -> None:
    inbox.move_entries(moved, room)
