"""Blocking somebody in direct messages. Inside the organisation.

In the room of the two nobody can write any more, and neither can begin it; who is blocked is told no more than that. In
direct messages of several people what they write is there, covered on the pages of who blocked them; it notifies them
of nothing, mentions them nowhere and does not count as unread. Rooms are not private, and stay as they are. Posting finds a block by the room's `direct_key`, in the
statement that looks up its right, so it costs nothing more.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from chat import broadcasts
from chat.models import Block, Room
from chat.room_names import RoomRefused

if TYPE_CHECKING:
    from accounts.models import Person

MOST_BLOCKED = 1000

# For `chat.signals.personal_counts`: whom a person has blocked, `p3,p5`.
BLOCKED = """
select coalesce(string_agg('p' || block.blocked_id, ',' order by block.blocked_id), '') from chat_block block
where block.person_id = %(person)s
"""


@transaction.atomic
def block(person: "Person", other: "Person") -> None:
    """`person` wants no direct messages from `other`, whom they may know of. Again changes nothing.

    What `other` posts after this has committed is refused: a post that holds the room's lock comes before it. Raises
    RoomRefused (oneself, too_many).
    """
    if other.pk == person.pk:
        raise RoomRefused("oneself", _("You can't block yourself."))
    key = _key(person.pk, other.pk)
    list(Room.objects.select_for_update(no_key=True).filter(direct_key=key).values_list("pk"))
    if Block.objects.filter(person=person).count() >= MOST_BLOCKED:
        raise RoomRefused("too_many", _("You have blocked %d people. Unblock somebody first.") % MOST_BLOCKED)
    Block.objects.bulk_create([Block(person=person, blocked=other, direct_key=key)], ignore_conflicts=True)
    broadcasts.blocks_changed(person.pk)


@transaction.atomic
def unblock(person: "Person", person_id: int) -> None:
    """`person` wants their direct messages again; whoever is not blocked stays so."""
    if Block.objects.filter(person=person, blocked_id=person_id).delete()[0]:
        broadcasts.blocks_changed(person.pk)


def has_blocked(person: "Person", person_id: int) -> bool:
    """Whether `person` has blocked this one. One query."""
    return Block.objects.filter(person=person, blocked_id=person_id).exists()


def blocked_by(person: "Person") -> list[Any]:
    """Whom `person` has blocked, by name. One query."""
    blocked = Block.objects.filter(person=person).values("blocked_id")
    return list(get_user_model().objects.filter(pk__in=blocked).order_by("name", "pk"))


def is_closed(direct_key: str | None) -> bool:
    """Whether one of the two of this room has blocked the other. One query, none for other rooms."""
    return direct_key is not None and Block.objects.filter(direct_key=direct_key).exists()


def check_open(person: "Person", direct_key: str) -> None:
    """Raises RoomRefused (blocked) where `person` can't begin this direct message. One query."""
    who = set(Block.objects.filter(direct_key=direct_key).values_list("person_id", flat=True))
    if person.pk in who:
        raise RoomRefused("blocked", _("You have blocked this person. Unblock them to write to them."))
    if who:
        raise RoomRefused("blocked", _("You can't write to this person."))


def _key(*person_ids: int) -> str:
    return ",".join(map(str, sorted(person_ids)))
