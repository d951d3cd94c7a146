"""Hears of what happens in chat, inside its transaction; `chat` knows nothing of notifications."""

from typing import Any

from django.dispatch import receiver

from chat import signals
from chat.messages import NewMessage
from chat.models import Mention, Message
from notifications import inbox, recipients


@receiver(signals.messages_posted)
def tell_of_new_messages(posted: list[NewMessage], **kwargs: Any) -> None:
    inbox.deliver(recipients.entries_for(posted))


@receiver(signals.message_edited)
def tell_of_new_mentions(message: Message, mentioned_ids: list[int], **kwargs: Any) -> None:
    inbox.show_edited(message.pk, recipients.excerpt(message.text))
    if message.room.is_direct:
        return
    inbox.withdraw(
        message.pk, keep=Mention.objects.filter(message=message).values_list("person_id", flat=True)
    )
    if mentioned_ids:
        name = recipients.names_of({message.author_id})[message.author_id]
        title = recipients.mention_title(name, message.room.name)
        inbox.deliver(recipients.mention_entries(message, mentioned_ids, title))


@receiver(signals.message_deleted)
def withdraw_deleted(message: Message, **kwargs: Any) -> None:
    inbox.withdraw(message.pk)


@receiver(signals.read_positions_changed)
def read_with_the_rooms(read: list[tuple[int, int, int]], **kwargs: Any) -> None:
    inbox.mark_rooms_read(read)


@receiver(signals.threads_read)
def read_with_the_threads(read: list[tuple[int, int, int]], **kwargs: Any) -> None:
    inbox.mark_threads_read(read)


@receiver(signals.personal_counts)
def unread_notifications(**kwargs: Any) -> dict[str, str]:
    return {"notifications": inbox.UNREAD_COUNT}
