"""Emoji of the organisation's own."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class CustomEmoji(models.Model):
    """A picture that is used as an emoji. One that was removed stays: older messages go on showing it.

    The picture is some kilobytes of WebP and lies in the row, so that it is saved, restored and erased with it.
    """

    name = models.CharField(max_length=40)  # its first name; those it goes by are in CustomEmojiName
    picture = models.BinaryField()
    version = models.CharField(max_length=16)  # a digest of the picture
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f":{self.name}:"


class CustomEmojiName(models.Model):
    """A name that means an emoji now. Each means one, whatever the race."""

    name = models.CharField(max_length=40, primary_key=True)
    emoji = models.ForeignKey(CustomEmoji, models.CASCADE, related_name="names")

    def __str__(self) -> str:
        return f":{self.name}:"
