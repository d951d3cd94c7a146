"""What messages pass on of others."""

from django.conf import settings
from django.db import models

from chat.models.messages import Message


class Forward(models.Model):
    """The message passes on another one, as that was then: nothing that becomes of the `original` changes it.

    `html` is the drawn text, `words` what of it is searched for. `original` is where it stands, for those who may read
    that; the fragment does not say what room it came from.
    """

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="+")
    original = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    html = models.TextField()
    words = models.TextField()
    posted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"m{self.original_id} in m{self.message_id}"
