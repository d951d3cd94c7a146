"""Imports from elsewhere: how far each has come, and what was made of the rooms, people and files it brought."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from chat.models.messages import Message
from chat.models.rooms import Room


class Import(models.Model):
    """An export that somebody uploaded, or that a command was given.

    `source` tells one workspace elsewhere from another ("slack:T012"). `file` is a name in Django's storage, "" when the
    export lies where only the command finds it, and when the import is over. `report` is what the check found.
    """

    class State(models.TextChoices):
        CHECKING = "checking"  # it is being read
        READY = "ready"  # the report can be read; nothing was changed
        RUNNING = "running"
        CANCELLED = "cancelled"  # can go on
        DONE = "done"
        REFUSED = "refused"  # `detail` says why
        DISCARDED = "discarded"  # before it was over; what it had brought stays

    source = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    file = models.FileField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.CHECKING)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    total = models.BigIntegerField(default=0)  # messages that the check counted
    done = models.BigIntegerField(default=0)  # messages that are here
    report = models.JSONField(default=dict)
    detail = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"import {self.pk} of {self.source or self.name}"


class ImportedRoom(models.Model):
    """A channel elsewhere and the room it became. Until it is `done` nobody but the import sees the room.

    `day` and `item` say how far the channel was read: all days before `day`, and `item` messages of that one.
    """

    class State(models.TextChoices):
        FILLING = "filling"
        DONE = "done"

    imported_by = models.ForeignKey(Import, models.CASCADE, related_name="rooms")
    source = models.CharField(max_length=60)
    channel = models.CharField(max_length=40)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=State, default=State.FILLING)
    day = models.IntegerField(default=0)
    item = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "channel"], name="imported_room_once")]

    def __str__(self) -> str:
        return f"{self.channel} as r{self.room_id}"


class ImportedPerson(models.Model):
    """Somebody elsewhere and who they are here."""

    source = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="imported_person_once")]

    def __str__(self) -> str:
        return f"{self.key} as p{self.person_id}"


class ImportedFile(models.Model):
    """A file that the worker may still fetch; the row goes when it is here, or can't be had.

    `address` is encrypted: what Slack exports opens every file of the workspace. `line` is the link in the message's
    text that the file replaces.
    """

    imported_by = models.ForeignKey(Import, models.CASCADE, related_name="files")
    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    address = models.TextField()
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100, blank=True)
    size = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    line = models.TextField()

    def __str__(self) -> str:
        return f"{self.name} of m{self.message_id}"
