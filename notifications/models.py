"""What a person should be told of, until they have read it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Notification(models.Model):
    """An entry of a person's notification list.

    Those of the room kinds name room, message and position, and are read with the room on any device. A direct
    message's room has at most one unread entry for a person; further messages renew it. So have a room of which they
    want to be told everything and a thread that they follow. Entries of replies name the root (`thread_id`) and the position there; they are read with
    the thread. A reminder that is due may name a message, so that it goes with it, but is not read with its room.
    """

    class Kind(models.TextChoices):
        MENTION = "mention", _("mention")
        DIRECT = "direct", _("direct message")
        THREAD = "thread", _("thread")
        ROOM = "room", _("room")
        REMINDER = "reminder", _("reminder")
        NOTE = "note", _("note")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=300, blank=True)
    link = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    room_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    thread_id = models.BigIntegerField(null=True)
    position = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-created_at", "-id"], name="notification_newest"),
            models.Index(
                fields=["person", "room_id", "position"],
                condition=models.Q(read_at__isnull=True),
                name="notification_unread",
            ),
            models.Index(
                fields=["message_id"],
                condition=models.Q(message_id__isnull=False),
                name="notification_message",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "room_id"],
                condition=models.Q(kind="direct", read_at__isnull=True),
                name="notification_direct_once",
            ),
            models.UniqueConstraint(
                fields=["person", "room_id"],
                condition=models.Q(kind="room", read_at__isnull=True),
                name="notification_room_once",
            ),
            models.UniqueConstraint(
                fields=["person", "thread_id"],
                condition=models.Q(kind="thread", read_at__isnull=True),
                name="notification_thread_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for p{self.person_id}"
