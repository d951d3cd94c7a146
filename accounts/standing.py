"""What people hear of by what they are, beside what is theirs: of everyone, unless they are guests, and in their rooms
of who has read, if they share that too.
"""

from collections.abc import Collection
from functools import cache

from accounts.models import Person
from tenants.events import PEOPLE, RECEIPTS


@cache  # one object for all sockets of a kind
def topics_by(role: str, shares_reading: bool) -> frozenset[str]:
    """Of tenants.events.BY_STANDING those of a person of this role. No query."""
    topics = {PEOPLE} if role != Person.Role.GUEST else set()
    return frozenset(topics | {RECEIPTS} if shares_reading else topics)


def topics_of(person_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """The same of each of these people, as of now. Inside an organisation; one query."""
    found = Person.objects.filter(pk__in=person_ids).values_list("pk", "role", "shares_reading")
    return {person_id: topics_by(role, shares) for person_id, role, shares in found}
