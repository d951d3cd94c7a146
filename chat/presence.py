"""Who is around, kept in Valkey and nowhere else: it is news, not truth.

A person is there while any process holds a personal socket of theirs. Two sorted sets by expiry say so: of the
organisation's people, and for each person of the processes that hold them; a crashed process says no more and runs
out. Every step is one script, so two processes never disagree. While Valkey is away nobody is announced and nothing
fails. Asynchronous, but for `around`; no ORM.

A crowd that comes back at once is one crowd: who arrives while Valkey is being asked shares the next question, and
changes are announced together, four times a second at most. One by one, n arrivals would be n² frames.
"""

import asyncio
import functools
import uuid
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import redis
import structlog
from redis.exceptions import RedisError

from chat import broadcasts
from chat.directory import acquaintances
from tenants import valkey
from tenants.keys import key
from tenants.layers import publish
from tenants.models import Organisation

log = structlog.get_logger(__name__)
GRACE_SECONDS = 10.0  # a page that is loaded again is not a departure
LASTS_SECONDS = 60  # without `refresh`, which comes every 20
ANNOUNCE_SECONDS = 0.25  # changes are gathered so long

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
_ONLINE = "return redis.call('ZRANGE', KEYS[1], '(' .. redis.call('TIME')[1], '+inf', 'BYSCORE')"
# ARGV: process, person. Answers 1 when no other process holds the person.
_RELEASE = """
local now = tonumber(redis.call('TIME')[1])
local processes = KEYS[1] .. ':' .. ARGV[2]
redis.call('ZREM', processes, ARGV[1])
redis.call('ZREMRANGEBYSCORE', processes, '-inf', now)
if redis.call('ZCARD', processes) > 0 then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[2])
"""


class _Rounds:
    """Asks one at a time; who comes while a round is under way shares the next one."""

    def __init__(self, ask: Callable[[Collection[int]], Awaitable[list[int]]]) -> None:
        self._ask = ask
        self._people: set[int] = set()
        self._next: asyncio.Task[list[int]] | None = None
        self._current: asyncio.Task[list[int]] | None = None

    async def join(self, *people: int) -> list[int]:
        self._people.update(people)
        if self._next is None:
            self._next = asyncio.create_task(self._run(self._current), name="presence")
        return await asyncio.shield(self._next)

    async def _run(self, before: asyncio.Task[list[int]] | None) -> list[int]:
        if before is not None:
            await asyncio.wait([before])
        self._current, self._next = self._next, None
        people, self._people = self._people, set()
        return await self._ask(people)


class _Presence:
    """The sockets of one event loop, counted, and its connection to Valkey. `name` stands for "process" there."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self.client = valkey.async_client()
        self.sockets: Counter[tuple[str, int]] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()
        self.rounds: dict[str, _Rounds] = {}
        self.changes: dict[str, dict[int, bool]] = {}  # who came and who went, not announced yet

    def keep(self, task: asyncio.Task[None]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


_presences: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Presence]" = weakref.WeakKeyDictionary()


async def arrived(organisation: Organisation, person_id: int) -> list[int]:
    """A personal socket of theirs is open in this process. The first one of all announces them. Returns who is around."""
    here = _here()
    here.sockets[organisation.schema_name, person_id] += 1
    first = here.sockets[organisation.schema_name, person_id] == 1
    return await _rounds(here, organisation).join(*([person_id] if first else []))


async def departed(organisation: Organisation, person_id: int) -> None:
    """A personal socket of theirs is gone. Returns at once; the last one of all announces it after the grace."""
    here = _here()
    held = organisation.schema_name, person_id
    here.sockets[held] -= 1
    if here.sockets[held] <= 0:
        del here.sockets[held]
        here.keep(asyncio.create_task(_release_later(here, organisation, person_id), name="presence"))


async def online(organisation: Organisation) -> list[int]:
    """The ids of the people who are around; empty while Valkey is away."""
    return await _rounds(_here(), organisation).join()


def around(organisation: Organisation) -> list[int]:
    """`online` for threads."""
    try:
        return sorted(map(int, _client().eval(_ONLINE, 1, _key(organisation))))
    except (RedisError, OSError) as error:
        log.warning("presence is unknown", error=repr(error))
        return []


@functools.cache
def _client() -> redis.Redis:
    return valkey.client()


async def refresh(organisation: Organisation, person_ids: Collection[int]) -> None:
    """This process still holds these people; called every 20 seconds. Announces who came, and who ran out.

    Of people who have sockets and did not arrive, because they appear away, nothing is said.
    """
    here = _here()
    held = [one for one in person_ids if (organisation.schema_name, one) in here.sockets]
    answer = here.client.eval(_HOLD, 1, _key(organisation), here.name, LASTS_SECONDS, *held)
    came, went = await _asked(answer, ([], []))
    if came or went:
        _announce(here, organisation, {int(one): True for one in came} | {int(one): False for one in went})


async def _release_later(here: _Presence, organisation: Organisation, person_id: int) -> None:
    await asyncio.sleep(GRACE_SECONDS)
    if (organisation.schema_name, person_id) in here.sockets:
        return  # they came back
    released = here.client.eval(_RELEASE, 1, _key(organisation), here.name, person_id)
    if await _asked(released, 0):
        if (organisation.schema_name, person_id) in here.sockets:  # they came back at this very moment
            await refresh(organisation, [person_id])
            return
        _announce(here, organisation, {person_id: False})


def _rounds(here: _Presence, organisation: Organisation) -> _Rounds:
    found = here.rounds.get(organisation.schema_name)
    if found is None:

        async def ask(people: Collection[int]) -> list[int]:
            if people:
                await refresh(organisation, people)
            return sorted(map(int, await _asked(here.client.eval(_ONLINE, 1, _key(organisation)), [])))

        found = here.rounds[organisation.schema_name] = _Rounds(ask)
    return found


def _announce(here: _Presence, organisation: Organisation, changes: dict[int, bool]) -> None:
    gathered = here.changes.get(organisation.schema_name)
    if gathered is not None:
        gathered.update(changes)
        return
    here.changes[organisation.schema_name] = changes
    here.keep(asyncio.create_task(_announce_soon(here, organisation), name="presence"))


async def _announce_soon(here: _Presence, organisation: Organisation) -> None:
    await asyncio.sleep(ANNOUNCE_SECONDS)
    changes = here.changes.pop(organisation.schema_name)
    came = [person_id for person_id, here_now in changes.items() if here_now]
    went = [person_id for person_id, here_now in changes.items() if not here_now]
    publish(organisation, broadcasts.presence_envelope(came, went))


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


__all__ = ["acquaintances", "around", "arrived", "departed", "online", "refresh"]
