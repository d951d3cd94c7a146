"""Who is in which room, and how far they have read."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from accounts.models import Notify
from chat.models.rooms import Room
from chat.models.sections import Section


class Membership(models.Model):
    """A person in a room; the row stays when they leave, so that catching up can tell of it.

    `read_position` is the last position they have read; `visible_from` the first they may see. `revision` is the
    room's `head` at the membership's last change that others may see (joined, left). What follows it is the person's
    own affair (chat.preferences).

    Marking unread moves `read_position` back and counts `unread_turn` up: what was said in an earlier turn is
    overtaken. `seen_position` is the furthest they had read before that.
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True)
    read_position = models.BigIntegerField(default=0)
    visible_from = models.BigIntegerField(default=1)
    revision = models.BigIntegerField(default=0)
    posted_at = models.DateTimeField(null=True)  # their last post while the room was slow
    favourite = models.BooleanField(default=False, db_default=False)
    muted = models.BooleanField(default=False, db_default=False)
    # What holds now; where it was not `notify_chosen` for this room it follows Person.notify.
    notify = models.CharField(
        max_length=8, choices=Notify, default=Notify.MENTIONS, db_default=Notify.MENTIONS
    )
    notify_chosen = models.BooleanField(default=False, db_default=False)
    unread_turn = models.IntegerField(default=0, db_default=0)
    seen_position = models.BigIntegerField(default=0, db_default=0)
    section = models.ForeignKey(Section, models.SET_NULL, null=True, related_name="+", db_index=False)
    place = models.IntegerField(default=0, db_default=0)  # among the favourites, or in its section

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="membership_once")]
        indexes = [
            models.Index(
                fields=["person"], condition=models.Q(left_at__isnull=True), name="membership_present"
            ),
            models.Index(fields=["room", "revision"], name="membership_revision"),
            models.Index(
                fields=["section"], condition=models.Q(section__isnull=False), name="membership_section"
            ),
            # Asked for with each post: whether anybody is to be told of all that is said.
            models.Index(
                fields=["room"],
                condition=models.Q(notify="all", muted=False, left_at__isnull=True),
                name="membership_told_all",
            ),
        ]

    def __str__(self) -> str:
        return f"p{self.person_id} in r{self.room_id}"
