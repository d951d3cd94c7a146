"""What messages said before they were edited."""

from django.db import models

from chat.models.messages import Message


class MessageVersion(models.Model):
    """An earlier text of a message, which its author wrote at `written_at`. The present one is the message's own."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"m{self.message_id} until it was edited"
