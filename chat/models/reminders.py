"""What people want to be reminded of."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from chat.models.messages import Message

LONGEST_REMINDER = 500


class Reminder(models.Model):
    """Something a person wants to be told at a time: words, a message, or both. Delivered, it is a notification, and
    this row is gone."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    # Nobody asks what reminds of a message, and messages are not deleted one by one.
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+", db_index=False)
    text = models.CharField(max_length=LONGEST_REMINDER, blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["person", "due_at"], name="reminder_next")]

    def __str__(self) -> str:
        return f"reminder {self.pk} for p{self.person_id}"
