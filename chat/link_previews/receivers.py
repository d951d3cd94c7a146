"""Hears of texts that are posted, edited and deleted, in their transaction, and sends the worker to look at links."""

from collections.abc import Collection, Sequence
from typing import Any

from django.dispatch import receiver

from chat import changes, jobs, revisions, signals
from chat.link_previews import attached
from chat.models import Message
from chat.posts import NewMessage
from tenants.jobs import enqueue


@receiver(signals.messages_posted)
def look_at_links(posted: list[NewMessage], **kwargs: Any) -> None:
    """Cards that are known are on the message from the start; the others come when the worker has looked."""
    messages = [item.message for item in posted]
    found = attached.attach(messages)
    attached.draw_into([message for message in messages if message.pk in found.shown])
    _send_worker(found.waiting)


@receiver(signals.message_edited)
def look_at_new_links(message: Message, **kwargs: Any) -> None:
    found = attached.reattach(message)
    if found.shown:
        changes.redraw(revisions.locked(message.room_id), message)
    _send_worker(found.waiting)


@receiver(signals.messages_deleted)
def forget_links(messages: Sequence[Message], **kwargs: Any) -> None:
    attached.detach(messages)


def _send_worker(preview_ids: Collection[int]) -> None:
    if preview_ids:
        enqueue(jobs.look_at_links, preview_ids=list(preview_ids))
