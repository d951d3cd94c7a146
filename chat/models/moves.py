"""Where messages went that stood elsewhere before."""

from django.conf import settings
from django.db import models

from chat.models.messages import Message


class Move(models.Model):
    """`tombstone` is what stays where a message was, `message` is the one that it became, wherever that has gone since.

    `posted_at` is when it was said first: a moved message takes a new time with its new position.
    """

    tombstone = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    moved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    moved_at = models.DateTimeField()
    posted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"m{self.tombstone_id} is m{self.message_id} now"
