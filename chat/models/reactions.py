"""Who answered a message with which emoji."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from chat.models.messages import Message


class Reaction(models.Model):
    """One emoji of one person on one message. `emoji` is spelled as `chat.text.emoji.known` spells it."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=40)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "person", "emoji"], name="reaction_once")]

    def __str__(self) -> str:
        return f"{self.emoji} of p{self.person_id} on m{self.message_id}"
