"""Rate limits: so many in so many seconds, counted in Valkey for all processes.

A fixed window per key. The limit protects, it does not promise: while Valkey is away nothing is refused, because
losing Valkey must not stop people from talking.
"""

import math

import redis
import structlog

from tenants import valkey

log = structlog.get_logger(__name__)

# One round trip: count, start the window with the first, and say what is left of it when there were too many.
_HIT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if count <= tonumber(ARGV[1]) then return 0 end
return math.max(redis.call('PTTL', KEYS[1]), 1)
"""

_valkey = valkey.Asker()


def hit(key: str, limit: int, seconds: int) -> float:
    """Count one for `key`; 0.0 when it is within `limit` in `seconds`, else the seconds to wait. Asks Valkey."""
    try:
        wait: int = _valkey.ask("EVAL", _HIT, 1, f"limit:{key}", limit, seconds * 1000)
        return wait / 1000
    except redis.RedisError as error:
        log.warning("a rate limit was not counted", error=str(error))
        return 0.0


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
