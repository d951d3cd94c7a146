"""Rooms and the two numbers that everything else hangs on."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class Room(models.Model):
    """A place where people talk.

    `messages` counts up by one for each message posted and numbers it; `head` counts up by one for each change of any
    kind. Both move only under this row's lock, in the transaction that makes the change (DESIGN 1). `revision` is
    `head` at the last change of the room's own details.
    """

    class Kind(models.TextChoices):
        PUBLIC = "public", _("public")
        PRIVATE = "private", _("private")
        DIRECT = "direct", _("direct")

    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=60, blank=True)
    topic = models.CharField(max_length=250, blank=True)
    description = models.CharField(max_length=1000, blank=True, default="", db_default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    archived_at = models.DateTimeField(null=True)
    # Everybody but guests is in it: nobody leaves it, and it is never archived.
    is_default = models.BooleanField(default=False, help_text=_("Newcomers join it."))
    for_newcomers = models.BooleanField(default=False, db_default=False)  # they join it, and may leave
    # Who may write: with `announcements` only those who administer the room; threads stay open while `open_replies`.
    announcements = models.BooleanField(default=False, db_default=False)
    open_replies = models.BooleanField(default=True, db_default=True)
    slow_seconds = models.IntegerField(default=0, db_default=0)  # between two posts of one person
    messages = models.BigIntegerField(default=0)
    head = models.BigIntegerField(default=0)
    revision = models.BigIntegerField(default=0)
    # Days for which messages are kept; 0: for ever; None: as the organisation keeps them (chat.retention).
    retention_days = models.IntegerField(null=True)
    # What stands before it was kept long enough and is empty.
    first_position = models.BigIntegerField(default=1)
    pins = models.SmallIntegerField(default=0, db_default=0)  # how many messages are pinned
    last_message_at = models.DateTimeField(null=True)
    # The sorted ids of a direct message's members, so that the same people always share one room.
    direct_key = models.TextField(unique=True, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                condition=~models.Q(kind="direct") & models.Q(archived_at__isnull=True),
                name="room_name_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="direct", direct_key__isnull=False)
                | (~models.Q(kind="direct") & models.Q(direct_key__isnull=True)),
                name="room_direct_has_key",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"r{self.pk}"

    @property
    def is_direct(self) -> bool:
        return self.kind == self.Kind.DIRECT

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None
