"""Changing messages: editing, deleting, and the two steps that every other change of one takes as well.

`changing` locks the room and finds the message for a person; `redraw` counts the change, draws the message with all
its parts, stores it and tells everybody who has it on a page. In between lies what the change is about.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.organisation_settings import organisation_settings
from chat import (
    access,
    blocks,
    broadcasts,
    fragments,
    mentions,
    naming,
    replies,
    revisions,
    signals,
    sql,
    threads,
)
from chat.models import Message, MessageText, MessageVersion, Move, Reaction, Room
from chat.search.beside import store_words
from chat.text import Rendered, TextRefused, clean

if TYPE_CHECKING:
    from accounts.models import Person


class MessageRefused(ValueError):
    """An edit or a deletion that changes nothing; `code` and `detail` are for the person. What a slow room refuses can be
    done after `retry_after` seconds."""

    def __init__(self, code: str, detail: str, retry_after: float = 0) -> None:
        super().__init__(detail)
        self.code, self.detail, self.retry_after = code, detail, retry_after


@transaction.atomic
def edit_message(person: "Person", room_id: int, message_id: int, text: str) -> Message:
    """Replace the text of one's own message. Raises Message.DoesNotExist for what `person` can't see, MessageRefused
    (empty, too_long, malformed, forbidden, archived, too_late) for what can't be done. Saying the same again changes
    nothing.
    """
    try:
        text = clean(text)
    except TextRefused as refused:
        raise MessageRefused(refused.code, refused.detail) from None
    room, message = changing(person, room_id, message_id)
    if message.author_id != person.pk or message.kind == Message.Kind.SYSTEM:
        raise MessageRefused("forbidden", _("Only its author can edit a message."))
    if is_too_late(message, organisation_settings().edit_window):
        raise MessageRefused("too_late", _("It is too late to edit this message."))
    if text == message.text:
        return message
    (rendered,) = fragments.render_all([text], [person.pk], [message.html])
    said_here = fragments.mentions_here(message.html)
    is_new = (rendered.mentions_room and not message.mentions_room) or (
        rendered.mentions_here and not said_here
    )
    if is_new and naming.refused_of([(person.pk, room_id)], [rendered]):
        raise MessageRefused("naming", naming.refusal())
    _keep_version(message)
    message.text, message.mentions_room = text, rendered.mentions_room
    message.edited_at = sql.clock()
    redraw(room, message, ["text", "mentions_room", "edited_at"], rendered)
    store_words(message, rendered)
    newly_mentioned = mentions.replace(message, rendered, said_here=said_here)
    if message.thread_id is not None and newly_mentioned:
        threads.begin_following(message, rendered.person_ids.intersection(newly_mentioned))
    signals.message_edited.send(sender=None, message=message, mentioned_ids=newly_mentioned)
    return message


@transaction.atomic
def delete_message(person: "Person", room_id: int, message_id: int) -> None:
    """Leave a tombstone in place of a message: one's own, or any for administrators. Raises as `edit_message`."""
    room, message = changing(person, room_id, message_id, though_blocked=True)
    if not access.may_delete(person, message):
        raise MessageRefused("forbidden", _("Only its author or an administrator can delete a message."))
    if not person.is_administrator and is_too_late(message, organisation_settings().delete_window):
        raise MessageRefused(
            "too_late", _("It is too late to delete this message. An administrator still can.")
        )
    was_pinned = message.pinned_at is not None
    message.text, message.mentions_room, message.pinned_at = "", False, None
    message.deleted_at, message.deleted_by = sql.clock(), person
    redraw(room, message, ["text", "mentions_room", "pinned_at", "deleted_at", "deleted_by"])
    if was_pinned:
        count_pins(room, -1)
    MessageText.objects.filter(pk=message.pk).delete()
    Reaction.objects.filter(message=message).delete()
    signals.messages_deleted.send(sender=None, messages=[message])
    if message.thread_id is not None:
        (root,) = replies.count_tombstones([message])
        redraw(room, root)
    if message.position is not None:
        broadcasts.activity("deleted", [message])
    mentions.take_away(message)  # pages count what is gone by that frame; exact numbers come after it


def _keep_version(message: Message) -> None:
    """What it said until now, where the organisation wants such things kept; else nothing stays of earlier ones."""
    if organisation_settings().edit_history == "nobody":
        MessageVersion.objects.filter(message=message).delete()
    else:
        written_at = max(
            message.edited_at or message.created_at, message.created_at
        )  # moved after it was edited
        MessageVersion.objects.create(message=message, text=message.text, written_at=written_at)


def is_too_late(message: Message, window: int) -> bool:
    """Whether `message` was posted more than `window` minutes ago, by the database's clock; 0 minutes never pass.

    Moving it makes it no younger.
    """
    if not window:
        return False
    moves = Move.objects.filter(message=message).order_by("tombstone_id")
    posted_at = moves.values_list("posted_at", flat=True).first() or message.created_at
    return sql.clock() - posted_at > timedelta(minutes=window)


def changing(
    person: "Person", room_id: int, message_id: int, *, as_member: bool = False, though_blocked: bool = False
) -> tuple[Room, Message]:
    """The locked room, and its message, which `person` may see and which is no tombstone.

    Needs a transaction. Raises Message.DoesNotExist for what `person` can't see, MessageRefused (forbidden, archived)
    for who is not in the room (administrators may change what they are no member of, unless `as_member`), and where
    nothing may change any more: in the direct message of two of whom one has blocked the other, unless `though_blocked`.
    """
    try:
        room = revisions.locked(room_id)
    except Room.DoesNotExist:
        raise Message.DoesNotExist from None
    message = access.message_for(person, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    if access.membership_of(person, room_id) is None and (as_member or not person.is_administrator):
        raise MessageRefused("forbidden", _("Join the room first."))
    if room.is_archived:
        raise MessageRefused("archived", _("This room is archived: it can be read, not written to."))
    if not though_blocked and blocks.is_closed(room.direct_key):
        raise MessageRefused("forbidden", _("You can’t change anything in this conversation."))
    return room, message


def redraw(
    room: Room, message: Message, changed: Collection[str] = (), rendered: Rendered | None = None
) -> None:
    """Count a change of `message` in its locked `room`, save the fields `changed` with its new fragment, and tell it.

    `rendered` is its text, where it was drawn already. Needs the transaction that locked the room.
    """
    after = room.head
    message.revision = revisions.advance(room)
    fragments.draw_again([message], {message.pk: rendered} if rendered else {})
    message.save(update_fields=[*changed, "revision", "html", "html_version"])
    broadcasts.messages_changed(room.pk, after, room.head, [message.html])


def count_pins(room: Room, more: int) -> None:
    """Count `more` (or fewer) pinned messages of the locked `room`, and tell its pages."""
    after = room.head
    revisions.advance(room, pins=room.pins + more, revision=room.head + 1)
    broadcasts.pins_changed(room, after)
