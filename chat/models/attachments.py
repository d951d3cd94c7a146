"""Files that people upload: each belongs to a room, and to a message once it is posted."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from chat.models.messages import Message
from chat.models.rooms import Room


class Attachment(models.Model):
    """A file of a room. Until its message is posted only who uploaded it knows of it (docs/files.md).

    `file` and `thumbnail` are names in Django's storage, random and under the organisation's prefix. `content_type`,
    `kind`, `width` and `height` were found by looking into the file, whatever it is called. `excerpt` is the beginning
    of a text.
    """

    class Kind(models.TextChoices):
        IMAGE = "image"
        VIDEO = "video"
        AUDIO = "audio"
        PDF = "pdf"
        TEXT = "text"
        OTHER = "other"

    class State(models.TextChoices):
        RECEIVING = "receiving"  # counted, and not yet stored
        SCANNING = "scanning"  # nobody can have it until the virus scanner says so
        READY = "ready"
        REFUSED = "refused"  # by the virus scanner; the file is gone

    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="attachments")
    place = models.PositiveSmallIntegerField(default=0)  # among the files of its message
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()  # bytes
    content_type = models.CharField(max_length=100)
    kind = models.CharField(max_length=5, choices=Kind)
    state = models.CharField(max_length=9, choices=State, default=State.RECEIVING)
    width = models.PositiveIntegerField(default=0)  # pixels, upright; 0 where there is no picture
    height = models.PositiveIntegerField(default=0)
    excerpt = models.TextField(blank=True, default="")
    file = models.FileField(max_length=200)
    thumbnail = models.FileField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            # A room's Files view, newest first.
            models.Index(
                fields=["room", "-id"], condition=models.Q(message__isnull=False), name="attachment_posted"
            ),
            # The organisation's bytes, summed from the index alone.
            models.Index(fields=["size"], name="attachment_size"),
        ]

    def __str__(self) -> str:
        return f"f{self.pk} in r{self.room_id}"

    @property
    def stored(self) -> str:
        """The file's name in the storage."""
        return self.file.name or ""

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY
