"""The default cache, as allauth needs it: keys of people carry the organisation, and an absent Valkey stops nobody.

allauth counts attempts and remembers used codes under keys such as a person's number, which mean somebody else in
the next organisation. Its limits by IP address count for all organisations together, or an attacker would have the
limit once for each of them (DESIGN 5).
"""

import re
from typing import Any

import redis
import structlog
from django.core.cache.backends.redis import RedisCache

from tenants.db import current_organisation
from tenants.keys import key as organisation_key

log = structlog.get_logger(__name__)
_ALLAUTH = "allauth"
_BY_ADDRESS = re.compile(r"allauth:rl:[^:]+:[^:]+:[^:]+:ip:")


class OrganisationCache(RedisCache):
    """Django's Redis cache with an organisation's keys, which is empty and takes everything while Valkey is away.

    A limit that is not counted then lets people in, as `tenants.ratelimits` does: without Valkey they still talk.
    """

    def make_key(self, key: str, version: int | None = None) -> str:
        """Django's own form; raises NoOrganisation for a person's key of allauth's outside of an organisation."""
        if key.startswith(_ALLAUTH) and not _BY_ADDRESS.match(key):
            key = organisation_key(current_organisation(), key)
        return super().make_key(key, version)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return super().add(*args, **kwargs)
        except redis.RedisError as error:
            return _missed(error, True)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except redis.RedisError as error:
            return _missed(error, default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(*args, **kwargs)
        except redis.RedisError as error:
            _missed(error, None)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return super().delete(*args, **kwargs)
        except redis.RedisError as error:
            return _missed(error, False)


def _missed[T](error: Exception, answer: T) -> T:
    log.warning("the cache did not answer", error=str(error))
    return answer
