"""Who is around, kept in Valkey and nowhere else: it is news, not truth.

A person is there while any process holds a personal socket of theirs. Two sorted sets by expiry say so: of the
organisation's people, and for each person of the processes that hold them; a crashed process says no more and runs
out. Every step is one script, so two processes never disagree. While Valkey is away nobody is announced and nothing
fails. Asynchronous; no ORM.
"""

import asyncio
import uuid
import weakref
from collections import Counter
from collections.abc import Collection
from typing import Any

import structlog
from redis.exceptions import RedisError

from chat import broadcasts
from chat.directory import acquaintances
from tenants import valkey
from tenants.keys import key
from tenants.layers import OrganisationLayer
from tenants.models import Organisation

log = structlog.get_logger(__name__)
GRACE_SECONDS = 10.0  # a page that is loaded again is not a departure
LASTS_SECONDS = 60  # without `refresh`, which comes every 20

# KEYS[1]: people by expiry; KEYS[1]:<person>: processes by expiry. Valkey's clock is the only one.
# ARGV: process, seconds, people… Answers {came, went}: whom to announce.
_HOLD = """
local now = tonumber(redis.call('TIME')[1])
local came, went = {}, {}
for _, person in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do went[person] = true end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for number = 3, #ARGV do
    local person = ARGV[number]
    local processes = KEYS[1] .. ':' .. person
    redis.call('ZREMRANGEBYSCORE', processes, '-inf', now)
    redis.call('ZADD', processes, now + ARGV[2], ARGV[1])
    redis.call('EXPIRE', processes, ARGV[2])
    if redis.call('ZADD', KEYS[1], now + ARGV[2], person) == 1 and not went[person] then
        came[#came + 1] = person
    end
    went[person] = nil
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
local gone = {}
for person in pairs(went) do gone[#gone + 1] = person end
return {came, gone}
"""
# ARGV: process, person. Answers 1 when no other process holds the person.
_RELEASE = """
local now = tonumber(redis.call('TIME')[1])
local processes = KEYS[1] .. ':' .. ARGV[2]
redis.call('ZREM', processes, ARGV[1])
redis.call('ZREMRANGEBYSCORE', processes, '-inf', now)
if redis.call('ZCARD', processes) > 0 then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[2])
"""


class _Presence:
    """The sockets of one event loop, counted, and its connection to Valkey. `name` stands for "process" there."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self.client = valkey.async_client()
        self.sockets: Counter[tuple[str, int]] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()


_presences: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Presence]" = weakref.WeakKeyDictionary()


async def arrived(organisation: Organisation, person_id: int) -> None:
    """A personal socket of theirs is open in this process. The first one of all announces them."""
    here = _here()
    here.sockets[organisation.schema_name, person_id] += 1
    if here.sockets[organisation.schema_name, person_id] == 1:
        await refresh(organisation, [person_id])


async def departed(organisation: Organisation, person_id: int) -> None:
    """A personal socket of theirs is gone. Returns at once; the last one of all announces it after the grace."""
    here = _here()
    held = organisation.schema_name, person_id
    here.sockets[held] -= 1
    if here.sockets[held] <= 0:
        del here.sockets[held]
        task = asyncio.create_task(_release_later(here, organisation, person_id), name="presence")
        here.tasks.add(task)
        task.add_done_callback(here.tasks.discard)


async def online(organisation: Organisation) -> list[int]:
    """The ids of the people who are around; empty while Valkey is away."""
    seconds, _ = await _asked(_here().client.time(), (0, 0))
    people = _here().client.zrange(_key(organisation), f"({seconds}", "+inf", byscore=True)
    return sorted(map(int, await _asked(people, [])))


async def refresh(organisation: Organisation, person_ids: Collection[int]) -> None:
    """This process still holds these people; called every 20 seconds. Announces who came, and who ran out."""
    here = _here()
    answer = here.client.eval(_HOLD, 1, _key(organisation), here.name, LASTS_SECONDS, *person_ids)
    came, went = await _asked(answer, ([], []))
    if came or went:
        await _announce(organisation, online=map(int, came), offline=map(int, went))


async def _release_later(here: _Presence, organisation: Organisation, person_id: int) -> None:
    await asyncio.sleep(GRACE_SECONDS)
    if (organisation.schema_name, person_id) in here.sockets:
        return  # they came back
    released = here.client.eval(_RELEASE, 1, _key(organisation), here.name, person_id)
    if await _asked(released, 0):
        if (organisation.schema_name, person_id) in here.sockets:  # they came back at this very moment
            await refresh(organisation, [person_id])
            return
        await _announce(organisation, offline=[person_id])


async def _announce(organisation: Organisation, *, online: Any = (), offline: Any = ()) -> None:
    await OrganisationLayer(organisation).publish(broadcasts.presence_envelope(online, offline))


async def _asked(answer: Any, otherwise: Any) -> Any:
    """What Valkey answers, or `otherwise` while it is away."""
    try:
        return await answer
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("presence is unknown", error=repr(error))
        return otherwise


def _here() -> _Presence:
    loop = asyncio.get_running_loop()
    found = _presences.get(loop)
    if found is None:
        found = _presences[loop] = _Presence()
    return found


def _key(organisation: Organisation) -> str:
    return key(organisation, "presence")


__all__ = ["acquaintances", "arrived", "departed", "online", "refresh"]
