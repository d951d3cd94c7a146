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
  and entry.read_at is null
returning entry.person_id
"""


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
    fresh = [entry for entry in entries if entry.kind != Notification.Kind.DIRECT]
    Notification.objects.bulk_create(fresh)
    renewed = [entry for entry in entries if entry.kind == Notification.Kind.DIRECT]
    if renewed:
        Notification.objects.filter(
            kind=Notification.Kind.DIRECT,
            read_at__isnull=True,
            room_id__in={entry.room_id for entry in renewed},
            person_id__in={entry.person_id for entry in renewed},
        ).delete()
        # Of several new messages of one room only the last counts; Postgres takes one row per conflict.
        latest = {(entry.person_id, entry.room_id): entry for entry in renewed}
        Notification.objects.bulk_create(latest.values())
        entries = [*fresh, *latest.values()]
    unread = unread_counts({entry.person_id for entry in entries})
    for entry in entries:
        broadcasts.notified(entry, unread[entry.person_id])


def unread_counts(person_ids: Collection[int]) -> Counter[int]:
    """How many unread notifications each has. One query."""
    rows = Notification.objects.filter(person_id__in=person_ids, read_at__isnull=True)
    return Counter(dict(rows.values_list("person_id").annotate(Count("id")).order_by()))


def mark_rooms_read(read: Sequence[tuple[int, int, int]]) -> None:
    """People (ids) have read rooms (ids) up to positions, on whatever device. Needs a transaction.

    One query for all of them, two when something changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK_ROOMS, [list(column) for column in zip(*read, strict=True)])
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
