"""Forwarding a message to another room, as it is now. Inside the organisation.

A forward is a message like others: it goes through `post_messages`, with a `client_id` of its own, so sending it again
is safe. What it passes on is a snapshot (DESIGN 1), and the files are rows of the new room that share the stored
ones.
"""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from chat import access, messages, snapshots, sql
from chat.changes import MessageRefused
from chat.jobs import prepare_file
from chat.models import Attachment, Message
from chat.posts import Post, Posted, Refused
from tenants.jobs import enqueue

if TYPE_CHECKING:
    from accounts.models import Person

_PICTURED = (Attachment.Kind.IMAGE, Attachment.Kind.PDF)


@transaction.atomic
def forward_message(
    person: "Person", room_id: int, message_id: int, to_room_id: int, client_id: uuid.UUID, text: str = ""
) -> Posted:
    """Post in `to_room_id` what a message says, below a `text` of one's own.

    Raises Message.DoesNotExist for what `person` can't see or what is deleted, MessageRefused (not_found for a room
    they are not in, and what `chat.posts.Refused` names).
    """
    # Both, so that nobody deletes or edits what is being passed on; in order of id, as all who lock several.
    sql.lock_rooms([room_id, to_room_id])
    message = access.message_for(person, room_id, message_id)
    if message.deleted_at is not None or message.kind == Message.Kind.SYSTEM:
        raise Message.DoesNotExist
    snapshot = snapshots.take(message)
    files = _copy_files(person, message, to_room_id)
    if not snapshot.text and not files:
        raise MessageRefused("empty", _("There is nothing in this message that can be forwarded."))
    post = Post(person.pk, to_room_id, client_id, text, tuple(files), forward=snapshot)
    (answer,) = messages.post_messages([post])
    if isinstance(answer, Refused):
        raise MessageRefused(answer.code, answer.detail, answer.retry_after)
    # Of a repetition nothing may be left: the first one has its files.
    Attachment.objects.filter(pk__in=files, message__isnull=True).delete()
    return answer


def _copy_files(person: "Person", message: Message, room_id: int) -> Sequence[int]:
    """Rows in the other room for the files of `message`, those aside that nobody can have yet."""
    found = Attachment.objects.filter(message=message, state=Attachment.State.READY).order_by("place")
    copies = list(found)
    for copy in copies:
        copy.pk = None
        copy.room_id, copy.uploader, copy.message = room_id, person, None
    Attachment.objects.bulk_create(copies)
    for copy in copies:
        if copy.kind in _PICTURED and not copy.thumbnail:
            enqueue(prepare_file, attachment_id=copy.pk)
    return [copy.pk for copy in copies]
