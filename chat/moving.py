"""Moving a message, or a thread with all its replies, to another room. Inside the organisation (docs/moving.md).

A message never changes its room or its position. What moves is written anew there, with the next positions and a new
time, and everything that hung on the old row hangs on the new one. The old row stays as a tombstone, with its id and
`client_id`: a retry of its post finds it, pages replace it as they replace any message, and links lead on from it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import transaction
from django.db.models import ForeignObjectRel, Model, OuterRef, Subquery
from django.utils.translation import gettext as _

from chat import (
    access,
    blocks,
    broadcasts,
    changes,
    fragments,
    moving_rules,
    replies,
    signals,
    sql,
    threads,
    unread,
)
from chat.changes import MessageRefused
from chat.models import (
    Membership,
    Mention,
    Message,
    MessageText,
    Move,
    Reaction,
    Room,
    Thread,
    ThreadFollow,
)
from chat.pins import MOST_PINS

if TYPE_CHECKING:
    from accounts.models import Person

_AT_ONCE = 100  # fragments in a frame
_TICK = timedelta(microseconds=1)
_COPIED = ("author_id", "thread_position", "kind", "text", "digest", "html_version", "mentions_room", "edited_at",
           "deleted_at", "deleted_by_id", "pinned_at", "pinned_by_id")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pair:
    """A message where it was, and where it is now."""

    old: Message
    new: Message


@transaction.atomic
def move_message(person: "Person", room_id: int, message_id: int, to_room_id: int) -> Message:
    """Move a message with its thread to a room that `person` is in; a reply moves alone. Returns it as it is there.

    For its author and administrators who are in both rooms. Raises Message.DoesNotExist for what they can't see,
    MessageRefused (not_found, forbidden, archived, same_room, too_late, too_many; announcements and slow_mode where they
    could not post either) for what can't be done.
    """
    source, target, message = _locked(person, room_id, message_id, to_room_id)
    replied = Message.objects.filter(thread_id=message.pk).order_by("thread_position")
    moving = [message, *replied[: moving_rules.MOST_REPLIES + 1]]
    moving_rules.require_may_move(person, source, target, moving)
    moving_rules.require_may_write(person, target)
    pinned = source.pins, target.pins
    pairs = _write_anew(target, moving)
    moved = [pair for pair in pairs if pair.old.deleted_at is None]
    _leave_tombstones(person, source, moved)
    mentioned = _bring_along(source, target, moved)
    _save(source, target, pairs, moved)
    _tell(person, source, target, moved, pairs)
    _count_pins(source, pinned[0])
    _count_pins(target, pinned[1])
    if message.thread_id is not None:
        (root,) = replies.count_tombstones([message])
        changes.redraw(source, root)
    _read_own(person, target)
    _tell_counts(source, target, moved, mentioned)
    return pairs[0].new


def _count_pins(room: Room, before: int) -> None:
    if more := room.pins - before:
        room.pins = before
        changes.count_pins(room, more)


def _read_own(person: "Person", target: Room) -> None:
    """Who moved it has read what is there now, as who posts."""
    behind = Membership.objects.filter(room=target, person=person, read_position__lt=target.messages)
    if behind.update(read_position=target.messages):
        unread.announce([(person.pk, target.pk)])


def place_of(person: "Person", room_id: int, message_id: int) -> Message | None:
    """Where a message is that stood in this room, if `person` may read it there. One query."""
    found = Move.objects.filter(tombstone_id=message_id, tombstone__room_id=room_id)
    move = found.filter(message__room__in=access.visible_rooms(person)).select_related("message").first()
    return move.message if move else None


def _locked(person: "Person", room_id: int, message_id: int, to_room_id: int) -> tuple[Room, Room, Message]:
    """Both rooms, locked in order of id as by all who lock several, and the message."""
    rooms = Room.objects.select_for_update(no_key=True).filter(pk__in={room_id, to_room_id}).order_by("pk")
    locked = {room.pk: room for room in rooms}
    message = access.message_for(person, room_id, message_id)
    if message.deleted_at is not None or message.kind == Message.Kind.SYSTEM:
        raise Message.DoesNotExist
    if access.membership_of(person, room_id) is None:
        raise MessageRefused("forbidden", _("Join the room first."))
    if room_id == to_room_id:
        raise MessageRefused("same_room", _("It is in this room already."))
    if to_room_id not in locked or access.membership_of(person, to_room_id) is None:
        raise MessageRefused("not_found", _("There is no such room, or you are not in it."))
    if locked[room_id].is_archived or locked[to_room_id].is_archived:
        raise MessageRefused("archived", _("An archived room can be read, not changed."))
    if any(blocks.is_closed(room.direct_key) for room in locked.values()):
        raise MessageRefused("forbidden", _("You can’t change anything in this conversation."))
    return locked[room_id], locked[to_room_id], message


def _write_anew(target: Room, moving: Sequence[Message]) -> list[_Pair]:
    """The messages in their new room, the root first. Not drawn yet. Three queries."""
    now = sql.clock()
    pairs = [_Pair(old, _copy(old, target, now, is_root=old is moving[0])) for old in moving]
    root, others = pairs[0].new, [pair.new for pair in pairs[1:]]
    root.save(force_insert=True)
    for reply in others:
        reply.thread_id = root.pk
    Message.objects.bulk_create(others)
    return pairs


def _copy(old: Message, target: Room, now: datetime, *, is_root: bool) -> Message:
    """Counted in the locked room, as chat.messages does for a new one. A reply that moves alone is none any more."""
    target.head += 1
    last = target.last_message_at
    target.last_message_at = now if last is None or now > last else last + _TICK
    in_room = is_root or old.position is not None
    if in_room:
        target.messages += 1
    copy = Message(
        room_id=target.pk,
        position=target.messages if in_room else None,
        revision=target.head,
        client_id=uuid4(),
        created_at=target.last_message_at,
        html=old.html,  # of which the drawing keeps the organisation's emoji
        **{name: getattr(old, name) for name in _COPIED},
    )
    if is_root:
        copy.thread_position = None
    if copy.pinned_at is not None and target.pins >= MOST_PINS:
        copy.pinned_at = copy.pinned_by_id = None
    target.pins += copy.pinned_at is not None
    return copy


def _leave_tombstones(person: "Person", source: Room, moved: Sequence[_Pair]) -> None:
    """What stays: rows without words that know where the message is. Three queries."""
    now = sql.clock()
    earlier = Move.objects.filter(message__in=[pair.old for pair in moved])
    said_first = dict(earlier.order_by("-tombstone_id").values_list("message_id", "posted_at"))
    moves = [
        Move(
            tombstone=pair.old,
            message=pair.new,
            moved_by=person,
            moved_at=now,
            posted_at=said_first.get(pair.old.pk, pair.old.created_at),
        )
        for pair in moved
    ]
    for pair in moved:
        old = pair.old
        source.head += 1
        source.pins -= old.pinned_at is not None
        old.revision = source.head
        old.text, old.kind, old.mentions_room = "", Message.Kind.MOVED, False
        old.pinned_at = old.pinned_by_id = None
        old.deleted_at, old.deleted_by = now, person
    Move.objects.bulk_create(moves)


def _bring_along(source: Room, target: Room, moved: Sequence[_Pair]) -> set[int]:
    """Let everything that hangs on the old rows hang on the new ones: files, reactions, mentions, words for search, the
    thread and who follows it, what people saved, and whatever other parts keep. A query for each kind.

    Returns the ids of the people who were mentioned.
    """
    old_ids, new_ids = [pair.old.pk for pair in moved], [pair.new.pk for pair in moved]
    _point_anew(Message, old_ids, target)
    new_root = moved[0].new
    Thread.objects.filter(pk=new_root.pk).update(last_reply_at=target.last_message_at)
    mentions = Mention.objects.filter(message_id__in=new_ids)
    mentioned = set(mentions.values_list("person_id", flat=True))
    present = Membership.objects.filter(room=target, left_at__isnull=True).values("person_id")
    mentions.exclude(person_id__in=present).delete()
    if source.kind != Room.Kind.PUBLIC:  # who is not there does not learn by it who is here
        Reaction.objects.filter(message_id__in=new_ids).exclude(person_id__in=present).delete()
    message = Message.objects.filter(pk=OuterRef("message_id"))
    words = MessageText.objects.filter(pk__in=new_ids)
    words.update(created_at=Subquery(message.values("created_at")))
    mentions.update(
        position=Subquery(message.values("position")), created_at=Subquery(message.values("created_at"))
    )
    mentions.filter(position__isnull=False).update(unread=False)  # it counts by its position
    return mentioned


def _point_anew(model: type[Model], old_ids: Sequence[int], target: Room) -> None:
    """Everything that refers to these rows of `model` refers to those they became: messages, and what is named by one, as
    threads and polls are.
    """
    for referring, name in followers_of(model):
        column = f"{name}_id"
        now = Move.objects.filter(tombstone_id=OuterRef(column)).values("message_id")
        changed: dict[str, Any] = {column: Subquery(now)}
        if any(one.name == "room" and one.related_model is Room for one in referring._meta.concrete_fields):
            changed["room"] = target
        referring._base_manager.filter(**{f"{column}__in": old_ids}).update(**changed)
        if referring._meta.pk is not None and referring._meta.pk.name == name:
            _point_anew(referring, old_ids, target)


def followers_of(model: type[Model]) -> list[tuple[type[Model], str]]:
    """The models that refer to `model`, with the field that does: their rows go along.

    By the models' own relations, so that a part that is added later need not be named here. Replies are written anew
    themselves, and a tombstone stays.
    """
    relations = model._meta.get_fields(include_hidden=True)
    found = [(one.related_model, one.field.name) for one in relations if isinstance(one, ForeignObjectRel)]
    return [pair for pair in found if pair not in ((Message, "thread"), (Move, "tombstone"))]


def _save(source: Room, target: Room, pairs: Sequence[_Pair], moved: Sequence[_Pair]) -> None:
    """Draw all of it, now that everything is in its place, and save it with the rooms' counts."""
    old, new = [pair.old for pair in moved], [pair.new for pair in pairs]
    fragments.draw_again([*old, *new])
    drawn = ["html", "html_version"]
    Message.objects.bulk_update(new, drawn)
    changed = [
        "text",
        "kind",
        "mentions_room",
        "pinned_at",
        "pinned_by",
        "deleted_at",
        "deleted_by",
        "revision",
    ]
    Message.objects.bulk_update(old, [*changed, *drawn])
    source.save(update_fields=["head"])
    target.save(update_fields=["head", "messages", "last_message_at"])


def _tell(
    person: "Person", source: Room, target: Room, moved: Sequence[_Pair], pairs: Sequence[_Pair]
) -> None:
    """Announce what changed in both rooms, what is unread by it, and the pins."""
    _announce(source, [pair.old for pair in moved])
    _announce(target, [pair.new for pair in pairs])
    broadcasts.activity("deleted", [pair.old for pair in moved if pair.old.position is not None])
    broadcasts.activity("posted", [pair.new for pair in moved if pair.new.position is not None], by=person.pk)
    signals.messages_moved.send(sender=None, moved=[(pair.old, pair.new) for pair in moved], room=target)


def _tell_counts(source: Room, target: Room, moved: Sequence[_Pair], mentioned: Collection[int]) -> None:
    """What is unread is told by the messages that went and came; which of them mention somebody, and replies, are not."""
    for room, messages in (source, [pair.old for pair in moved]), (target, [pair.new for pair in moved]):
        last = max((one.position for one in messages if one.position is not None), default=0)
        unread.tell_unread_from(room.pk, last, mentioned)
    followers = ThreadFollow.objects.filter(thread_id=moved[0].new.pk).values_list("person_id", flat=True)
    threads.tell_unread({*followers, *mentioned})


def _announce(room: Room, messages: Sequence[Message]) -> None:
    """Frames of so many fragments each; their revisions follow each other."""
    for some in batched(messages, _AT_ONCE):
        broadcasts.messages_changed(
            room.pk, some[0].revision - 1, some[-1].revision, [one.html for one in some]
        )
