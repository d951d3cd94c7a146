"""How many people a text would tell, and who may tell everybody of a large room. Inside an organisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import PeopleGroupMember
from accounts.organisation_settings import organisation_settings
from chat import fragments, mentions
from chat.access import room_for
from chat.models import Membership
from chat.text import Rendered, TextRefused, clean

if TYPE_CHECKING:
    from accounts.models import Person

MANY = 10  # the page asks before it tells more


@dataclass(frozen=True, slots=True)
class Naming:
    """`people` would be told by a text; `refused` says why it can't be posted, if it can't."""

    people: int
    refused: str = ""


def naming(person: "Person", room_id: int, text: str) -> Naming:
    """What posting `text` in a room would mean. Raises Room.DoesNotExist. Four queries at most, more for guests."""
    room = room_for(person, room_id)
    try:
        (drawn,) = fragments.render_all([clean(text)], [person.pk])
    except TextRefused:
        return Naming(0)  # posting it says more
    if refused_of([(person.pk, room.pk)], [drawn]):
        return Naming(0, refusal())
    named = Q(person__in=drawn.person_ids) | Q(person__in=mentions.around_for([drawn]))
    if drawn.group_ids:
        grouped = PeopleGroupMember.objects.filter(group__in=drawn.group_ids).values("person_id")
        named |= Q(person__in=grouped)
    present = Membership.objects.filter(room=room, left_at__isnull=True, person__is_active=True)
    present = present.exclude(person=person)
    return Naming((present if drawn.mentions_room else present.filter(named)).count())


_REFUSED = """
select asked.number from unnest(%s::bigint[], %s::bigint[]) with ordinality as asked (person_id, room_id, number)
join accounts_person person on person.id = asked.person_id and person.role not in ('owner', 'administrator')
where (select count(*) from chat_membership member
       where member.room_id = asked.room_id and member.left_at is null) > %s
"""


def refused_of(said: Sequence[tuple[int, int]], rendered: Sequence[Rendered]) -> set[int]:
    """Which of these texts, said by people (ids) in rooms (ids), name everybody where only administrators may.

    One query, none where no text does so or everybody may.
    """
    numbers = [n for n, drawn in enumerate(rendered) if drawn.mentions_room or drawn.mentions_here]
    if not numbers or organisation_settings().naming_everybody == "everybody":
        return set()
    columns = [[said[number][column] for number in numbers] for column in range(2)]
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [*columns, MANY])
        return {numbers[place - 1] for (place,) in cursor.fetchall()}


def refusal() -> str:
    """For the person, in their language."""
    return _("In a room of more than %(many)d people only administrators use @room and @here.") % {
        "many": MANY
    }
