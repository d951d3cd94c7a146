"""The news that notifications send to a person's open pages."""

from django.db import transaction

from notifications.models import Notification
from tenants.db import current_organisation
from tenants.events import Envelope, frame, person_topic
from tenants.ids import encode
from tenants.layers import publish


def notified(entry: Notification, unread: int) -> None:
    """`entry` is new (or renewed); `unread` are waiting now."""
    _to_person(
        entry.person_id,
        frame(
            "notification",
            id=encode("n", entry.pk),
            kind=entry.kind,
            title=entry.title,
            text=entry.text,
            link=entry.link,
            room=encode("r", entry.room_id) if entry.room_id else "",
            thread=encode("m", entry.thread_id) if entry.thread_id else "",
            unread=unread,
        ),
    )


def unread_changed(person_id: int, unread: int) -> None:
    """Some were read, or withdrawn: every device shows the new count."""
    _to_person(person_id, frame("notifications", unread=unread))


def _to_person(person_id: int, ready: bytes) -> None:
    organisation = current_organisation()
    envelope = Envelope(group="activity", topics=(person_topic(person_id),), frame=ready)
    transaction.on_commit(lambda: publish(organisation, envelope))
