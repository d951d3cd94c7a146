"""Messages that are kept for a number of days: each room's own, or the organisation's.

What is older becomes a tombstone as if it had been deleted: its text, words, mentions, reactions, pin, files and
whatever else belongs to it go (`signals.messages_deleted`). What stands at the beginning of its room goes out of sight
too: `Room.first_position` rises above it, in one transaction with the read positions of who had not read so far, so
windows, unread counts and catching up stay exact. Replies have no position in the room and stay as tombstones in their
threads. A batch locks the room for some milliseconds. All of it runs inside an organisation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from django.db import connection, transaction
from django.db.models import Q

from accounts.organisation_settings import organisation_settings
from chat import broadcasts, changes, fragments, replies, revisions, signals, sql, unread
from chat.models import Membership, Mention, Message, MessageText, Reaction, Room

AT_ONCE = 200  # messages of a batch
FOR_EVER = 0
_EMPTY = ["text", "digest", "mentions_room", "pinned_at", "deleted_at", "revision", "html", "html_version"]
_OLD_REPLIES = """
select reply.id from chat_thread thread join chat_message reply on reply.thread_id = thread.root_id
where thread.room_id = %s and reply.created_at < %s and reply.deleted_at is null
order by reply.id limit %s
"""


@dataclass(frozen=True, slots=True)
class _Emptied:
    """Messages that are tombstones now, how many of them were pinned, and who had not read a mention in a thread."""

    messages: list[Message]
    pins: int
    mentioned: set[int]


def days_kept(room: Room) -> int:
    """For how many days the room's messages are kept; 0 for ever."""
    return organisation_settings().retention_days if room.retention_days is None else room.retention_days


def rooms_with_an_end() -> list[int]:
    """The rooms (ids) in which something may be too old. One query."""
    limited = Q(retention_days__gt=0)
    if organisation_settings().retention_days:
        limited |= Q(retention_days__isnull=True)
    kept = Room.objects.filter(limited, messages__gt=0)
    return list(kept.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def forget_some(room_id: int) -> bool:
    """Forget at most AT_ONCE messages of a room and as many replies; whether there may be more. Twice does no harm."""
    room = Room.objects.select_for_update(no_key=True).filter(pk=room_id).first()
    days = days_kept(room) if room else FOR_EVER
    if room is None or not days:
        return False
    before = sql.clock() - timedelta(days=days)
    prefix = _prefix(room, before)
    beginning = _empty(room, prefix)
    if prefix:
        _raise_first_position(room, (prefix[-1].position or 0) + 1, beginning)
    old = _old_replies(room, before)
    replied = _empty(room, old)
    _tell_threads(room, beginning, replied)
    return len(prefix) == AT_ONCE or len(old) == AT_ONCE


def _prefix(room: Room, before: datetime) -> list[Message]:
    """The oldest messages that are in sight, as far as they are too old."""
    visible = Message.objects.filter(room=room, position__gte=room.first_position).order_by("position")
    return list(takewhile(lambda message: message.created_at < before, visible[:AT_ONCE]))


def _empty(room: Room, messages: Sequence[Message]) -> _Emptied:
    """Leave tombstones of these as `changes.delete_message` does, but by nobody, and at one revision for all, which a
    later frame covers. So many statements, however many messages: others wait for the room meanwhile."""
    living = [message for message in messages if message.deleted_at is None]
    if not living:
        return _Emptied([], 0, set())
    ids, now = [message.pk for message in living], sql.clock()
    pins = sum(message.pinned_at is not None for message in living)
    revisions.advance(room)
    for message in living:
        message.text, message.digest, message.mentions_room, message.pinned_at = "", b"", False, None
        message.deleted_at, message.revision = now, room.head
    fragments.draw_again(living)
    Message.objects.bulk_update(living, _EMPTY)
    MessageText.objects.filter(pk__in=ids).delete()
    mentions = Mention.objects.filter(message__in=ids)
    mentioned = set(mentions.filter(unread=True).values_list("person_id", flat=True))
    mentions.delete()
    Reaction.objects.filter(message__in=ids).delete()
    signals.messages_deleted.send(sender=None, messages=living)
    return _Emptied(living, pins, mentioned)


def _raise_first_position(room: Room, first: int, emptied: _Emptied) -> None:
    """What stands before `first` is out of sight for everybody: read, and gone from open pages, which are told of all
    since it was `emptied`."""
    after = room.head - bool(emptied.messages)
    revisions.advance(room, revision=room.head + 1, first_position=first, pins=room.pins - emptied.pins)
    behind = Membership.objects.filter(room=room, read_position__lt=first - 1)
    moved = list(behind.filter(left_at__isnull=True).values_list("person_id", flat=True))
    behind.update(read_position=first - 1)
    broadcasts.room_settled(room, after)
    unread.announce([(person_id, room.pk) for person_id in moved])


def _old_replies(room: Room, before: datetime) -> list[Message]:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_REPLIES, [room.pk, before, AT_ONCE])
        return list(Message.objects.filter(pk__in=[pk for (pk,) in cursor.fetchall()]).order_by("pk"))


def _tell_threads(room: Room, beginning: _Emptied, replied: _Emptied) -> None:
    """Count the replies that went, draw the summaries of their threads anew, all at one revision, and tell both."""
    gone = [reply for reply in (*beginning.messages, *replied.messages) if reply.thread_id is not None]
    if not gone:
        return
    after = room.head - bool(replied.messages)
    revisions.advance(room)
    roots = replies.count_tombstones(gone, beginning.mentioned | replied.mentioned)
    for root in roots:
        root.revision = room.head
    fragments.draw_again(roots)
    Message.objects.bulk_update(roots, ["revision", "html", "html_version"])
    shown = [message.html for message in (*replied.messages, *roots)]
    broadcasts.messages_changed(room.pk, after, room.head, shown)
    if replied.pins:
        changes.count_pins(room, -replied.pins)
