"""What people have begun to write."""

from django.conf import settings
from django.db import models

from chat.models.messages import Message
from chat.models.rooms import Room

LONGEST_PAGE = 40  # characters of the name that a page has for itself


class Draft(models.Model):
    """What a person has in the field of a room, or of a thread in it; nobody else ever sees it.

    Sent or discarded, the text is empty and the row stays: `changed_at` (when it was typed, by the database's clock)
    then tells what a device that was away kept from before.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    # Nobody asks what was begun in a thread, and messages are not deleted one by one.
    thread = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+", db_index=False)
    text = models.TextField()
    changed_at = models.DateTimeField()
    # The page that typed it and which of its typings it was: its requests can overtake each other.
    page = models.CharField(max_length=LONGEST_PAGE, default="", db_default="")
    turn = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "room", "thread"], nulls_distinct=False, name="draft_once"
            )
        ]

    def __str__(self) -> str:
        return f"draft of p{self.person_id} in r{self.room_id}"
