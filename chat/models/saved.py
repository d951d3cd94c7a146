"""What a person saved for later."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from chat.models.messages import Message


class SavedMessage(models.Model):
    """A message that a person wants to come back to: open until they are `done` with it. Nobody else ever sees it.

    The row stays when they may no longer read the message; it is shown and counted while they may.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="+", db_index=False)
    saved_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "person"], name="saved_message_once")]
        indexes = [models.Index(fields=["person", "-saved_at"], name="saved_message_newest")]

    def __str__(self) -> str:
        return f"m{self.message_id} for p{self.person_id}"
