"""A person's notifications: sending one, and reading them. All of it runs inside an organisation."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

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
update notifications_notification entry set read_at = clock_timestamp()
from unnest(%s::bigint[], %s::bigint[], %s::bigint[]) as read (person_id, room_id, position)
where entry.person_id = read.person_id and entry.room_id = read.room_id and entry.position <= read.position
  and entry.thread_id is null and entry.read_at is null
returning entry.person_id
"""
_MARK_THREADS = """
update notifications_notification entry set read_at = clock_timestamp()
from unnest(%s::bigint[], %s::bigint[], %s::bigint[]) as read (person_id, thread_id, position)
where entry.person_id = read.person_id and entry.thread_id = read.thread_id and entry.position <= read.position
  and entry.read_at is null
returning entry.person_id
"""
# Kinds of which a person has one unread entry for each room or thread, by what names it.
_RENEWED = {Notification.Kind.DIRECT: "room_id", Notification.Kind.THREAD: "thread_id"}


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
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(column) for column in zip(*read, strict=True)])
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


def show_edited(message_id: int, text: str) -> None:
    """What was edited away is not kept here. One query."""
    Notification.objects.filter(message_id=message_id).update(text=text)


def withdraw(message_id: int, *, keep: Collection[int] = ()) -> None:
    """Forget what was said of a message to everybody but `keep` (ids of people): it is deleted, or names them no more."""
    gone = Notification.objects.filter(message_id=message_id).exclude(person_id__in=keep)
    people = set(gone.filter(read_at__isnull=True).values_list("person_id", flat=True))
    if gone.delete()[0]:
        for person_id in people:
            broadcasts.unread_changed(person_id, unread_counts([person_id])[person_id])


@transaction.atomic
def _mark(entries: QuerySet[Notification], person_id: int) -> None:
    if entries.filter(read_at__isnull=True).update(read_at=timezone.now()):
        broadcasts.unread_changed(person_id, unread_counts([person_id])[person_id])
