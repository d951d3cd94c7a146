"""Threads: what replies count in, and who follows them."""

from django.conf import settings
from django.db import models

from chat.models.messages import Message
from chat.models.rooms import Room


class Thread(models.Model):
    """What has been replied to a message, its `root`; the row comes with the first reply.

    `messages` numbers the replies (`Message.thread_position`), `tombstones` counts the deleted ones among them. Both
    move only under the room's lock.
    """

    root = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="+")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    messages = models.BigIntegerField(default=0)
    tombstones = models.BigIntegerField(default=0)
    last_reply_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"thread of m{self.root_id}"


class ThreadFollow(models.Model):
    """A person who follows a thread, or does `following` no more; how far they have read it is kept.

    `unread` says whether replies came after `read_position`, so that counting asks for those threads only and not
    for all that somebody ever followed. Marking unread moves `read_position` back and counts `unread_turn` up: what
    was said in an earlier turn is overtaken.
    """

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="follows", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    following = models.BooleanField(default=True)
    read_position = models.BigIntegerField(default=0)
    unread = models.BooleanField(default=False)
    unread_turn = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "person"], name="thread_follow_once")]
        indexes = [
            models.Index(
                fields=["person"],
                condition=models.Q(unread=True, following=True),
                name="thread_follow_unread",
            )
        ]

    def __str__(self) -> str:
        return f"p{self.person_id} on the thread of m{self.thread_id}"
