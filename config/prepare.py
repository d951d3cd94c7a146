"""What `make run` does before the servers start: check, migrate, make the demo organisation.

One process for all of it, because Django takes its time to load. Prints how to sign in to the demo.
"""

import os
import sys

import django
import psycopg
import redis
from django.core.management import CommandError, call_command

OLDEST = 150000  # the first PostgreSQL where `public` is not everybody's


def main() -> int:
    if refusal := refuse_postgres(os.environ["DATABASE_URL"]) or refuse_valkey(os.environ["REDIS_URL"]):
        print(refusal, file=sys.stderr)
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    try:
        print("Migrating …", file=sys.stderr, flush=True)
        call_command("migrate_organisations", stdout=sys.stderr)
        call_command("demo")
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def refuse_postgres(url: str) -> str:
    """Why this PostgreSQL cannot be used, or ""."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            if connection.info.server_version < OLDEST:
                return "DATABASE_URL leads to a PostgreSQL before 15, which Parley cannot use."
    except psycopg.Error as error:
        return f"DATABASE_URL is set, and what it names does not answer: {error}"
    return ""


def refuse_valkey(url: str) -> str:
    """Why this Valkey or Redis cannot be used, or ""."""
    try:
        redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        return f"REDIS_URL is set, and what it names does not answer: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
