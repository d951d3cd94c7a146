"""What the hub asks of Postgres: healing a gap, comparing (tenants.fanout).

All of it is synchronous code that runs through `in_tenant`; what comes back is ready for the sockets.
"""

from django.db import connection

from accounts.sessions import still_valid
from accounts.standing import topics_of
from chat import timeline
from chat.catching_up import changes_frames
from chat.models import Room
from tenants.db import in_tenant
from tenants.events import Envelope, frame
from tenants.fanout import Compared, Held
from tenants.ids import encode
from tenants.models import Organisation

# -- The hub heals and compares ----------------------------------------------------------------------------------


async def heal(organisation: Organisation, group: str, since: int) -> list[Envelope]:
    """The envelopes that bring the room of `group` from revision `since` to its head, for all readers of a process."""
    return await in_tenant(organisation, _read_gap, int(group.removeprefix("room.")), group, since)


def _read_gap(room_id: int, group: str, since: int) -> list[Envelope]:
    room = Room.objects.filter(pk=room_id).first()
    if room is None or room.head <= since:
        return []
    changes = timeline.changed_since(room, since)
    frames = [frame("reset", reason="too_many")] if changes.reset else changes_frames(room, since, changes)
    # All but the last are unordered: only with the last one has a reader everything up to the head.
    parts = [Envelope(group=group, frame=ready) for ready in frames[:-1]]
    last = (
        frames[-1]
        if frames
        else frame("head", room=encode("r", room_id), revision=room.head, messages=room.messages)
    )
    return [*parts, Envelope(group=group, after=since, revision=room.head, frame=last)]


_HEADS = "select id, head, messages from chat_room where id = any(%s)"
_MAY_READ = """
select asked.room_id, asked.person_id
from unnest(%s::bigint[], %s::bigint[]) as asked (room_id, person_id)
join accounts_person person on person.id = asked.person_id and person.is_active
join chat_room room on room.id = asked.room_id
where (room.kind = 'public' and person.role <> 'guest') or exists (
    select from chat_membership member
    where member.room_id = room.id and member.person_id = person.id and member.left_at is null)
"""


async def compare(organisation: Organisation, held: Held) -> Compared:
    """How the rooms, sessions and memberships that a process holds stand in Postgres."""
    return await in_tenant(organisation, _compare, held)


def _compare(held: Held) -> Compared:
    valid = still_valid(list(held.visitors)) if held.visitors else set()
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [list(held.rooms)])
        heads = {room_id: (head, messages) for room_id, head, messages in cursor.fetchall()}
        allowed: set[tuple[int, int]] = set()
        if held.members:
            cursor.execute(_MAY_READ, [list(column) for column in zip(*held.members, strict=True)])
            allowed = set(cursor.fetchall())
    return Compared(
        heads=heads,
        signed_out=frozenset(held.visitors) - frozenset(valid),
        not_members=frozenset(held.members) - frozenset(allowed),
        standing=topics_of({person_id for person_id, _ in held.visitors}) if held.visitors else {},
    )
