"""What is known of the pages that messages link to."""

from django.db import models

from chat.models.messages import Message


class LinkPreview(models.Model):
    """A page elsewhere, as it was when the worker last looked; one row for an address, whoever links to it.

    `picture` is the name of a file of our own in the storage, drawn anew from theirs, `width` by `height` pixels.
    """

    class State(models.TextChoices):
        WAITING = "waiting"  # nobody has looked yet
        READY = "ready"
        NOTHING = "nothing"  # there is nothing to show

    url = models.TextField()
    url_hash = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    fetched_at = models.DateTimeField(null=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.CharField(max_length=300, blank=True)
    site = models.CharField(max_length=80, blank=True)
    picture = models.CharField(max_length=120, blank=True)
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"l{self.pk}"

    @property
    def picture_version(self) -> str:
        """The part of the file's name that its address has: a picture that changes gets another address."""
        return self.picture.rpartition("/")[2].partition(".")[0]


class MessagePreview(models.Model):
    """A message links to a page. `shown`: its fragment has the card. `removed_at`: somebody took it away, for good."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    preview = models.ForeignKey(LinkPreview, models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()  # its place among the message's links
    shown = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "preview"], name="preview_once")]

    def __str__(self) -> str:
        return f"l{self.preview_id} in m{self.message_id}"
