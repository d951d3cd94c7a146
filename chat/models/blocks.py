"""Who wants no direct messages from whom."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Block(models.Model):
    """`person` wants nothing from `blocked`, who is not told. `direct_key` is that of the room of the two."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    blocked = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    direct_key = models.TextField(db_index=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "blocked"], name="block_once")]

    def __str__(self) -> str:
        return f"p{self.blocked_id} by p{self.person_id}"
