"""What people want to be sent later."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from chat.models.messages import Message
from chat.models.rooms import Room


class ScheduledMessage(models.Model):
    """A message that is to be posted at a time, in a room or in a thread of it. Nobody but its author sees it.

    Posted, the row is gone. `client_id` is the one with which it is posted, fixed when it was scheduled. `problem` says
    why it was not posted when its time had come; then it waits for its author.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+", db_index=False)
    also_in_room = models.BooleanField(default=False)
    text = models.TextField()
    client_id = models.UUIDField()
    send_at = models.DateTimeField()
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "client_id"], name="scheduled_once")]
        indexes = [models.Index(fields=["person", "send_at"], name="scheduled_next")]

    def __str__(self) -> str:
        return f"scheduled message {self.pk} of p{self.person_id}"
