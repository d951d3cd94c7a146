"""Who is in which room, and how far they have read."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from chat.models.rooms import Room


class Membership(models.Model):
    """A person in a room; the row stays when they leave, so that catching up can tell of it.

    `read_position` is the last position they have read; `visible_from` the first they may see. `revision` is the
    room's `head` at the membership's last change that others may see (joined, left).
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True)
    read_position = models.BigIntegerField(default=0)
    visible_from = models.BigIntegerField(default=1)
    revision = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="membership_once")]
        indexes = [
            models.Index(
                fields=["person"], condition=models.Q(left_at__isnull=True), name="membership_present"
            ),
            models.Index(fields=["room", "revision"], name="membership_revision"),
        ]

    def __str__(self) -> str:
        return f"p{self.person_id} in r{self.room_id}"
