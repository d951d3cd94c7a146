"""Parley's settings, with the migrations of `chat` in a folder to which the part `migrations` adds."""

from config.settings import *  # noqa: F403 - all of it

MIGRATION_MODULES = {"chat": "bench_migrations"}
