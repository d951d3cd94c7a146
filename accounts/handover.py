"""Bringing a founder from the public site, where there are no sessions, to their new host: signed in, once."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import HandOver, Person
from accounts.tokens import hash_token, new_token

LIVES = timedelta(seconds=60)


def make(person: Person) -> str:
    """A token that signs `person` in once, within 60 seconds. Inside the organisation."""
    token = new_token()
    HandOver.objects.create(token_hash=hash_token(token), person=person, expires_at=timezone.now() + LIVES)
    return token


@transaction.atomic
def redeem(token: str) -> Person | None:
    """The person of `token`, which is used up by this; None for one that is unknown, used or late."""
    found = (
        HandOver.objects.select_for_update(of=("self",))
        .select_related("person")
        .filter(token_hash=hash_token(token), expires_at__gt=timezone.now())
        .first()
    )
    if found is None:
        return None
    found.delete()
    return found.person if found.person.is_active else None
