"""The sections of a person's sidebar."""

from django.conf import settings
from django.db import models


class Section(models.Model):
    """A section that a person made, or what they made of one that everybody has: a row comes with the first change.

    `place` orders one's own sections; the others stand where they stand. `closed` hides its quiet rooms.
    """

    class Kind(models.TextChoices):
        OWN = "own"
        FAVOURITES = "favourites"
        ROOMS = "rooms"
        DIRECTS = "directs"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.OWN)
    name = models.CharField(max_length=40, blank=True)
    place = models.PositiveIntegerField(default=0)
    closed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=~models.Q(kind="own"), name="section_of_a_kind_once"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.kind
