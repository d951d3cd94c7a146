"""What a figure is of: the machine, its software and the commit."""

import os
import platform
import subprocess
from pathlib import Path

import psycopg
import redis

from config.embedded import PROJECT, Servers


def machine(servers: Servers) -> str:
    """Cores, memory and versions, in one line."""
    gibibytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    found = (
        f"{os.cpu_count()} cores",
        _processor(),
        platform.machine(),
        f"{gibibytes:.1f} GiB of memory",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        *_versions(servers),
    )
    return ", ".join(filter(None, found))


def commit() -> str:
    """Of the code that runs, with "+changes" where files differ from it or are new; nothing without a repository."""
    head = _git("rev-parse", "--short", "HEAD")
    return f"{head}+changes" if head and _git("status", "--porcelain") else head


def _processor() -> str:
    """Its model, where the kernel names it (not on ARM)."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")


def _versions(servers: Servers) -> tuple[str, str]:
    with psycopg.connect(servers.database_url) as connection:
        postgres = connection.info.parameter_status("server_version")
    with redis.Redis.from_url(servers.redis_url) as valkey:
        return f"PostgreSQL {postgres}", f"Valkey {valkey.info('server')['valkey_version']}"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
