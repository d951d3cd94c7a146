"""What an organisation leaves outside of its schema and its files: keys in Valkey, jobs in the queue."""

from django.db import connection

from tenants import valkey

_KEYS_AT_ONCE = 1_000
_PATIENCE = 10.0  # seconds for an answer: no request waits for this
_FORGET_JOBS = "delete from procrastinate_jobs where position(%s in args::text) > 0"


def forget_keys(schema_name: str) -> int:
    """Delete every key that has the schema's name in its own and return how many. Raises redis.RedisError.

    In steps: KEYS would hold up everybody for as long as it takes to look at all of them.
    """
    client = valkey.client(_PATIENCE)
    found = set(client.scan_iter(match=f"*{schema_name}*", count=_KEYS_AT_ONCE))
    for key in found:
        client.unlink(key)
    return len(found)


def forget_jobs(schema_name: str) -> None:
    """Delete every job that names the schema. In `public`, with the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_JOBS, [schema_name])
