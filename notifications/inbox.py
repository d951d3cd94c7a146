"""A person's notifications: sending one, and reading them. All of it runs inside an organisation."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from chat.marking import Moved
from chat.models import Membership, Message, Room
from notifications import broadcasts
from notifications.models import Notification
from tenants.db import in_organisation
from tenants.models import Organisation

if TYPE_CHECKING:
    from accounts.models import Person

# For `chat.signals.personal_counts`; the index `notification_unread` answers it.
UNREAD_COUNT = (
    "select count(*) from notifications_notification where person_id = %(person)s and read_at is null"
)


_MARK_ROOMS = """
update notifications_notification entry set read_at = now()
from unnest(%s::bigint[], %s::bigint[], %s::bigint[]) as read (person_id, room_id, position)
where entry.person_id = read.person_id and entry.room_id = read.room_id and entry.position <= read.position
  and entry.thread_id is null and entry.read_at is null
returning entry.person_id
"""
_MARK_THREADS = """
update notifications_notification entry set read_at = now()
from unnest(%s::bigint[], %s::bigint[], %s::bigint[]) as read (person_id, thread_id, position)
where entry.person_id = read.person_id and entry.thread_id = read.thread_id and entry.position <= read.position
  and entry.read_at is null
returning entry.person_id
"""
# But for what a later entry stands for: there is one unread for each room or thread.
_MARK_UNREAD = """
update notifications_notification entry set read_at = null
from unnest(%(is_thread)s::bool[], %(ids)s::bigint[], %(was)s::bigint[], %(now)s::bigint[]) as marked (is_thread, id, was, now)
where entry.person_id = %(person)s
  and case when marked.is_thread then entry.thread_id = marked.id
      else entry.room_id = marked.id and entry.thread_id is null end
  and case when %(at)s::timestamptz is null
      then entry.read_at is not null and entry.position > marked.was and entry.position <= marked.now
      else entry.read_at = %(at)s end
  and not exists (
    select from notifications_notification later
    where later.person_id = entry.person_id and later.kind = entry.kind and later.read_at is null
      and case entry.kind when 'thread' then later.thread_id = entry.thread_id
          when 'direct' then later.room_id = entry.room_id when 'room' then later.room_id = entry.room_id end)
returning entry.person_id
"""
# Kinds of which a person has one unread entry for each room or thread, by what names it.
_RENEWED = {
    Notification.Kind.DIRECT: "room_id",
    Notification.Kind.ROOM: "room_id",
    Notification.Kind.THREAD: "thread_id",
}


def notify(
    organisation: Organisation, person: "Person", title: str, text: str = "", link: str = ""
) -> Notification:
    """Tell `person` of `organisation` something, live and in their list; from a view, a job or a command.

    `link` is a path on the organisation's own host ("/rooms/r5/"). Raises ValueError for any other link. Enters the
    organisation where the caller has not; one insert and one count.
    """
    if link and (not link.startswith("/") or link.startswith("//")):
        raise ValueError("A notification links to a path of its own organisation.")
    with in_organisation(organisation), transaction.atomic():
        entry = Notification(
            person=person, kind=Notification.Kind.NOTE, title=title[:200], text=text[:300], link=link
        )
        deliver([entry])
    return entry


def deliver(entries: Sequence[Notification]) -> None:
    """Store new entries and send each to its person's open pages after the commit. Needs a transaction."""
    if not entries:
        return
    stored = [entry for entry in entries if entry.kind not in _RENEWED]
    for kind, place in _RENEWED.items():
        stored += _renew([entry for entry in entries if entry.kind == kind], kind, place)
    Notification.objects.bulk_create(stored)
    entries = stored
    unread = unread_counts({entry.person_id for entry in entries})
    for entry in entries:
        broadcasts.notified(entry, unread[entry.person_id])


def _renew(entries: Sequence[Notification], kind: str, place: str) -> list[Notification]:
    """Take away the unread entries that these renew. Of several of one place only the last is left: Postgres takes
    one row per conflict."""
    if not entries:
        return []
    latest = {(entry.person_id, getattr(entry, place)): entry for entry in entries}
    Notification.objects.filter(
        kind=kind,
        read_at__isnull=True,
        person_id__in={person_id for person_id, _ in latest},
        **{f"{place}__in": {named for _, named in latest}},
    ).delete()
    return list(latest.values())


def unread_counts(person_ids: Collection[int]) -> Counter[int]:
    """How many unread notifications each has. One query."""
    rows = Notification.objects.filter(person_id__in=person_ids, read_at__isnull=True)
    return Counter(dict(rows.values_list("person_id").annotate(Count("id")).order_by()))


def mark_rooms_read(read: Sequence[tuple[int, int, int]]) -> None:
    """People (ids) have read rooms (ids) up to positions, on whatever device. Needs a transaction.

    One query for all of them, two when something changed.
    """
    _mark_places(_MARK_ROOMS, read)


def mark_threads_read(read: Sequence[tuple[int, int, int]]) -> None:
    """`mark_rooms_read` for threads: people, roots' ids, positions there."""
    _mark_places(_MARK_THREADS, read)


def _mark_places(statement: str, read: Sequence[tuple[int, int, int]]) -> None:
    _mark_and_tell(statement, [list(column) for column in zip(*read, strict=True)])


def mark_unread_again(
    person_id: int, rooms: Sequence[Moved], threads: Sequence[Moved], at: datetime | None
) -> None:
    """What was read with these rooms and threads, `at` one moment if that is known, is unread again.

    Needs the rooms' locks; one query, two when something changed, none of nothing.
    """
    marked = [(False, *one) for one in rooms] + [(True, *one) for one in threads]
    if marked:
        is_thread, ids, was, now = (list(column) for column in zip(*marked, strict=True))
        values = {"person": person_id, "is_thread": is_thread, "ids": ids, "was": was, "now": now, "at": at}
        _mark_and_tell(_MARK_UNREAD, values)


def _mark_and_tell(statement: str, values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        people = {person_id for (person_id,) in cursor.fetchall()}
    if people:
        unread = unread_counts(people)
        for person_id in people:
            broadcasts.unread_changed(person_id, unread[person_id])


def mark_all_read(person: "Person") -> None:
    """The person has seen the whole list."""
    _mark(Notification.objects.filter(person=person), person.pk)


def open_notification(person: "Person", notification_id: int) -> str:
    """Mark one's own notification read and return its link. Raises Notification.DoesNotExist."""
    entry = Notification.objects.get(pk=notification_id, person=person)
    _mark(Notification.objects.filter(pk=entry.pk), person.pk)
    return entry.link or "/notifications/"


def show_edited(message: Message, text: str) -> None:
    """What was edited away is not kept here; who may not read the message any more is not told what it says now. Two
    queries."""
    present = Membership.objects.filter(room=message.room_id, person=OuterRef("person"), left_at__isnull=True)
    may_read: Q | Exists = Exists(present)
    if message.room.kind == Room.Kind.PUBLIC:
        may_read |= ~Q(person__role="guest")
    _of(message.pk).filter(may_read).update(text=text)
    _of(message.pk).exclude(may_read).update(text="")


def withdraw_mentions(message_id: int, *, keep: Collection[int]) -> None:
    """A message was edited, and names only `keep` (ids of people) now. What else was told of it still holds."""
    _withdraw(_of(message_id).filter(kind=Notification.Kind.MENTION).exclude(person_id__in=keep))


def withdraw(message_ids: Collection[int]) -> None:
    """Messages were deleted: forget what was said of them. Two queries, one more where somebody had not read it."""
    _withdraw(Notification.objects.filter(message_id__in=message_ids))


def _of(message_id: int) -> QuerySet[Notification]:
    return Notification.objects.filter(message_id=message_id)


def _withdraw(gone: QuerySet[Notification]) -> None:
    people = set(gone.filter(read_at__isnull=True).values_list("person_id", flat=True))
    if gone.delete()[0] and people:
        unread = unread_counts(people)
        for person_id in people:
            broadcasts.unread_changed(person_id, unread[person_id])


def move_entries(moved: Sequence[tuple[Message, Message]], room: Room) -> None:
    """Messages went to `room`: what was told of them leads there, for who is in it, and is withdrawn from others.

    So is what was told of a direct message, which it is no more, and of a room whose every message somebody wants to be
    told of: there is one such entry for each room, and the new one may have its own. Needs a transaction; five queries at most.
    """
    became = {old.pk: new for old, new in moved}
    entries = list(Notification.objects.filter(message_id__in=became))
    if not entries:
        return
    present = Membership.objects.filter(room=room, left_at__isnull=True)
    members = set(present.values_list("person_id", flat=True))
    kept, gone = [], []
    for entry in entries:
        new = became[entry.message_id or 0]
        in_thread = entry.thread_id is not None
        stays = entry.kind not in (Notification.Kind.DIRECT, Notification.Kind.ROOM) and (
            entry.kind != Notification.Kind.THREAD or new.thread_id is not None
        )
        if entry.person_id not in members or not stays:
            gone.append(entry)
            continue
        entry.message_id = new.pk
        if entry.room_id is not None:  # a reminder is not read with its room
            entry.room_id = room.pk
            entry.thread_id = new.thread_id if in_thread else None
            entry.position = new.thread_position if entry.thread_id else new.position
        entry.link = f"{reverse('room', args=[room.pk])}?message=m{new.pk}"
        kept.append(entry)
    Notification.objects.bulk_update(kept, ["message_id", "room_id", "thread_id", "position", "link"])
    Notification.objects.filter(pk__in=[entry.pk for entry in gone]).delete()
    people = {entry.person_id for entry in gone if entry.read_at is None}
    unread = unread_counts(people) if people else Counter()
    for person_id in people:
        broadcasts.unread_changed(person_id, unread[person_id])


@transaction.atomic
def _mark(entries: QuerySet[Notification], person_id: int) -> None:
    if entries.filter(read_at__isnull=True).update(read_at=timezone.now()):
        broadcasts.unread_changed(person_id, unread_counts([person_id])[person_id])
