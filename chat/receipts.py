"""Who has read: an organisation's setting, which a person can opt out of. Inside the organisation where not said else.

A room of at most 20 people says of each how far they have read, a larger one how many have read its newest message.
Whoever does not share what they read is in neither, and sees neither. Reading itself notes only that a room changed: half
a second later one query answers for all rooms of this process in which anybody read meanwhile, and each is published
once. So a thousand people who read the same message are a few frames, and none of them waited.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.organisation_settings import organisation_settings
from chat import access, broadcasts
from chat.models import Membership, Message, Room
from chat.room_names import NotAllowed
from tenants.db import current_organisation, in_organisation, in_tenant
from tenants.models import Organisation
from tenants.publisher import publishing_loop

if TYPE_CHECKING:
    from accounts.models import Person

log = structlog.get_logger(__name__)
FEW = 20  # members of whom each is named
GATHER_SECONDS = 0.5
_MOST_ROOMS = 200  # in one query
MOST_READERS = 200  # in a panel

type Readers = Mapping[int, Collection[int]]  # by room, who has read there; nobody: whoever it was

# How far somebody has ever read: marking a message unread takes nothing back (chat.marking).
_SEEN = "greatest(other.read_position, other.seen_position)"
# Whoever came after the newest message begins at its position, and has not read it by that.
_SHARING = """(
    other.joined_at <= room.last_message_at
    and other.person_id not in (select id from accounts_person where not shares_reading))"""
# For statements with a `room`: its members, and how many of them have read the newest message.
COUNTED = f"""
lateral (
    select count(*) as members, count(*) filter (where {_SEEN} >= room.messages and {_SHARING}) as seen
    from chat_membership other where other.room_id = room.id and other.left_at is null
) counted
"""  # noqa: S608 - constants only
# Beside COUNTED: of how many one says only the number, without the author; and each of a few with their position.
SEEN_BY_MANY = f"""
case when counted.members > {FEW} then counted.seen - (
    select count(*) from chat_message newest
    join chat_membership other on other.room_id = room.id and other.person_id = newest.author_id and other.left_at is null
    where newest.room_id = room.id and newest.position = room.messages and {_SHARING}) end
"""  # noqa: S608 - constants only
SEEN_BY_FEW = f"""
case when counted.members <= {FEW} then (
    select json_agg(json_build_array('p' || other.person_id, {_SEEN}) order by other.person_id)::text
    from chat_membership other where other.room_id = room.id and other.left_at is null and {_SHARING}) end
"""  # noqa: S608 - constants only
_ROOMS = f"""
select room.id, room.messages, {SEEN_BY_MANY}, {SEEN_BY_FEW}
from chat_room room cross join {COUNTED}
where room.id = any(%s)
"""  # noqa: S608 - constants only
_PRIVATE = "select id from accounts_person where id = any(%s) and not shares_reading"
_people = msgspec.json.Decoder(list[tuple[str, int]])


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a room was read: `people` have read up to these positions, or `count` have read message `messages`."""

    messages: int
    count: int | None = None
    people: list[tuple[str, int]] | None = None

    def fields(self) -> dict[str, Any]:
        """As pages and frames have it."""
        if self.people is None:
            return {"messages": self.messages, "count": max(self.count or 0, 0)}
        return {"messages": self.messages, "people": self.people}


def seen_from(messages: int, count: int | None, people: str | None) -> Seen:
    """What SEEN_BY_MANY and SEEN_BY_FEW answered."""
    return Seen(messages, count, None if count is not None else _people.decode(people or "[]"))


def shown_to(person: "Person") -> bool:
    """Whether `person` sees who has read: where the organisation shows it, to who shares it too. No query while fresh."""
    return organisation_settings().receipts and person.shares_reading


def seen_in(person: "Person", room_id: int) -> Seen:
    """How far the room was read. Raises Room.DoesNotExist, also where `person` may not know. Two queries."""
    access.room_for(person, room_id)
    if not shown_to(person):
        raise Room.DoesNotExist
    return _seen([room_id])[room_id]


def readers_of(person: "Person", room_id: int, message_id: int) -> tuple[Message, list[Any], list[Any]]:
    """One's own message, who has read it, and who has not, of those who were in the room then; both by name. Two queries.

    Raises Message.DoesNotExist, also where `person` may not know, and NotAllowed for who did not write it.
    """
    message = access.message_for(person, room_id, message_id)
    if not shown_to(person) or message.deleted_at is not None or message.position is None:
        raise Message.DoesNotExist
    if message.author_id != person.pk:
        raise NotAllowed(_("Only who wrote a message sees who has read it."))
    present = Membership.objects.filter(room_id=room_id, left_at__isnull=True, person__is_active=True)
    others = present.filter(person__shares_reading=True, joined_at__lte=message.created_at).exclude(
        person=person
    )
    members = list(others.select_related("person").order_by("person__name", "person_id"))
    read = [one.person for one in members if max(one.read_position, one.seen_position) >= message.position]
    known = {one.pk for one in read}
    return message, read, [one.person for one in members if one.person_id not in known]


# -- News -------------------------------------------------------------------------------------------------------------


def note(read: Collection[tuple[int, int]]) -> None:
    """People (ids) have read in rooms (ids): whoever has these open hears of it soon after the commit. No query."""
    if organisation_settings().receipts:
        rooms: defaultdict[int, set[int]] = defaultdict(set)
        for person_id, room_id in read:
            rooms[room_id].add(person_id)
        _note_after_commit(rooms)


def show_or_hide(person: "Person") -> None:
    """`person` shares what they read from now on, or does no more: their rooms and their own pages follow. One query."""
    if organisation_settings().receipts:
        present = Membership.objects.filter(
            person=person, left_at__isnull=True, room__archived_at__isnull=True
        )
        _note_after_commit(dict.fromkeys(present.values_list("room_id", flat=True), ()))
    broadcasts.shares_reading(person.pk, shares=person.shares_reading, shown=shown_to(person))


def _note_after_commit(rooms: Readers) -> None:
    organisation = current_organisation()
    transaction.on_commit(lambda: _note(organisation, rooms))


def _note(organisation: Organisation, rooms: Readers) -> None:
    loop = publishing_loop()
    try:
        if loop is None or not loop.is_running():
            raise RuntimeError("no loop")
        loop.call_soon_threadsafe(_gather, organisation, rooms)
    except RuntimeError:  # a process without sockets, or one that ends: there is nothing to gather with
        with in_organisation(organisation), transaction.atomic():
            announce(rooms)


_noted: dict[str, dict[int, set[int] | None]] = {}  # by schema and room; None: whoever it was
_tasks: set[asyncio.Task[None]] = set()


def _gather(organisation: Organisation, rooms: Readers) -> None:
    noted = _noted.get(organisation.schema_name)
    if noted is None:
        noted = _noted[organisation.schema_name] = {}
        task = asyncio.get_running_loop().create_task(_announce_soon(organisation), name="receipts")
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    for room_id, people in rooms.items():
        known = noted.setdefault(room_id, set())
        if not people or known is None:
            noted[room_id] = None
        else:
            known.update(people)


async def _announce_soon(organisation: Organisation) -> None:
    """What was noted meanwhile, again and again until nothing is."""
    try:
        await asyncio.sleep(GATHER_SECONDS)
    finally:
        noted = _noted.pop(organisation.schema_name, {})
    try:
        await in_tenant(organisation, announce, {room_id: people or () for room_id, people in noted.items()})
    except Exception:  # Postgres is away: who reads next tells of it again
        log.exception("receipts were not told", organisation=organisation.schema_name)


def announce(rooms: Readers) -> None:
    """Tell the open pages of these rooms how far they were read, unless only those read who do not share it. Two queries."""
    ids = list(rooms)
    private = _private({person_id for people in rooms.values() for person_id in people})
    told = [room_id for room_id in ids if not rooms[room_id] or not private.issuperset(rooms[room_id])]
    for start in range(0, len(told), _MOST_ROOMS):
        for room_id, seen in _seen(told[start : start + _MOST_ROOMS]).items():
            broadcasts.seen(room_id, seen.fields())


def _private(person_ids: Collection[int]) -> set[int]:
    if not person_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_PRIVATE, [list(person_ids)])
        return {person_id for (person_id,) in cursor.fetchall()}


def _seen(room_ids: Collection[int]) -> dict[int, Seen]:
    with connection.cursor() as cursor:
        cursor.execute(_ROOMS, [list(room_ids)])
        return {room_id: seen_from(*columns) for room_id, *columns in cursor.fetchall()}
