"""Rate limits: so many in so many seconds, counted in Valkey for all processes.

A fixed window per key. The limit protects, it does not promise: while Valkey is away nothing is refused, because
losing Valkey must not stop people from talking.
"""

import math
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import redis
import structlog

from tenants import valkey

log = structlog.get_logger(__name__)

# One round trip for all: count, start the window with the first, and say what is left of it when there were too many.
# A key that cannot be counted has an error for an answer, and the others have theirs.
_HIT = """
local waits = {}
for place, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * place - 1]), ARGV[2 * place]
    local count = redis.pcall('INCR', key)
    if count == 1 then redis.call('PEXPIRE', key, window) end
    if type(count) == 'table' then waits[place] = count
    elseif count <= limit then waits[place] = 0
    else waits[place] = math.max(redis.call('PTTL', key), 1) end
end
return waits
"""

_valkey = valkey.Asker()


class Hit(NamedTuple):
    """One for `key`, of which there may be `limit` in `seconds`."""

    key: str
    limit: int
    seconds: int


def hit(key: str, limit: int, seconds: int) -> float:
    """Count one for `key`; 0.0 when it is within `limit` in `seconds`, else the seconds to wait. Asks Valkey."""
    hits = [Hit(key, limit, seconds)]
    try:
        return waits(_valkey.ask(*command(hits)))[0]
    except redis.RedisError as error:
        return uncounted(hits, error)[0]


def command(hits: Sequence[Hit]) -> list[str | int]:
    """What Valkey is asked to count them all."""
    keys = [f"limit:{hit.key}" for hit in hits]
    return [
        "EVAL",
        _HIT,
        len(keys),
        *keys,
        *chain.from_iterable((hit.limit, hit.seconds * 1000) for hit in hits),
    ]


def waits(answer: Sequence[int | Exception]) -> list[float]:
    """How long each has to wait, of what Valkey says."""
    return [wait / 1000 if isinstance(wait, int) else uncounted([None], wait)[0] for wait in answer]


def uncounted(hits: Sequence[object], error: Exception) -> list[float]:
    """Nobody waits because Valkey did not count."""
    log.warning("a rate limit was not counted", error=str(error))
    return [0.0 for _ in hits]


class Allowance:
    """A token bucket in memory, for one socket's frames: `limit` at once, refilled over `seconds`. No I/O."""

    __slots__ = ("_last", "_per_second", "_size", "_tokens")

    def __init__(self, limit: int, seconds: float, now: float) -> None:
        self._size = self._tokens = float(limit)
        self._per_second = limit / seconds
        self._last = now

    def take(self, now: float) -> float:
        """Take one at `now` (seconds, monotonic): 0.0, or how long to wait."""
        self._tokens = min(self._size, self._tokens + (now - self._last) * self._per_second)
        self._last = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second

    def give_back(self) -> None:
        """What was taken last shall not count."""
        self._tokens += 1


def retry_after(seconds: float) -> str:
    """The value of a Retry-After header (RFC 9110, 10.2.3): whole seconds, at least 1."""
    return str(max(1, math.ceil(seconds)))


__all__ = ["Allowance", "hit", "retry_after"]
