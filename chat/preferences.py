"""How a person keeps a room for themselves: favourite, muted, and of what they are told. Nobody else sees any of it.

A muted room tells of nothing and is never bold; mentions in it still show as a number. Without being muted, a room
tells of what `notify` says: of every message, of mentions, or of nothing. A direct message has no level: it tells of
everything unless it is muted. All of it runs inside an organisation.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Notify
from chat import broadcasts
from chat.access import membership_of, room_for
from chat.models import Membership
from chat.room_names import NotAllowed, RoomRefused

if TYPE_CHECKING:
    from accounts.models import Person

LAST = 2**31 - 1  # after all that were given a place
DEFAULT = "default"  # as the person's profile says
_FOLLOW = """
update chat_membership member set notify = person.notify from accounts_person person
where person.id = member.person_id and member.person_id = any(%s) and (%s::bigint is null or member.room_id = %s)
  and not member.notify_chosen and member.notify <> person.notify
"""


def preferences_of(person: "Person", room_id: int) -> Membership:
    """The person's membership with their preferences. Raises Room.DoesNotExist where they can't see the room, NotAllowed
    where they are not in it. One query, two where they are not."""
    membership = membership_of(person, room_id)
    if membership is None:
        room_for(person, room_id)
        raise NotAllowed(_("Join the room first."))
    return membership


@transaction.atomic
def prefer(
    person: "Person",
    room_id: int,
    *,
    favourite: bool | None = None,
    muted: bool | None = None,
    notify: str | None = None,
) -> Membership:
    """Change what is given; `notify` is a level or DEFAULT. The person's other devices follow; saying the same again
    tells nothing. Raises as `preferences_of`, and RoomRefused for a level that there is not. Two queries."""
    membership = preferences_of(person, room_id)
    wanted: dict[str, object] = {}
    if favourite is not None:
        wanted["favourite"] = favourite
        if favourite and not membership.favourite:
            wanted["place"] = LAST
    if muted is not None:
        wanted["muted"] = muted
    if notify is not None:
        wanted |= _level(person, notify)
    changed = {name: value for name, value in wanted.items() if getattr(membership, name) != value}
    if changed:
        Membership.objects.filter(pk=membership.pk).update(**changed)
        for name, value in changed.items():
            setattr(membership, name, value)
        broadcasts.arranged(person.pk)
    return membership


def follow_default(person_ids: Collection[int], room_id: int | None = None) -> None:
    """Where these people chose nothing for a room (of all, or this one), their default holds. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, [list(person_ids), room_id, room_id])


def _level(person: "Person", notify: str) -> dict[str, object]:
    if notify == DEFAULT:
        return {"notify": person.notify, "notify_chosen": False}
    if notify not in Notify.values:
        raise RoomRefused("malformed", _("A room tells of all, of mentions or of nothing."))
    return {"notify": notify, "notify_chosen": True}
