"""Organisations by the thousand, for the parts `signup` and `migrations`. Each verb runs in a process of its own:

    python -m tests.bench.organisations spares '{"count": 10}'       prints JSON

What is timed is the product's own function, in milliseconds; around it stands nothing but the clock.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import django

from tests.bench.machine import cpu_seconds

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def spares(count: int) -> list[dict[str, float]]:
    """Make so many spare schemas, one after the other: of each the time, and the CPU of its connection's backend."""
    from django.db import connection

    from tenants.provisioning import make_spare

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (backend,) = cursor.fetchone()
    made = []
    for _ in range(count):
        burnt, began = cpu_seconds(backend), time.perf_counter()
        make_spare()
        made.append({"time": _milliseconds_since(began), "cpu": (cpu_seconds(backend) - burnt) * 1000})
    return made


def founded(addresses: list[str], port: int) -> list[dict[str, Any]]:
    """Claim a spare for each address and use it, as the last step of a sign-up does.

    `claim`: the claim committed. `usable`: with a founder in it, and a web process has answered with a page of it.
    `token`: for the hand-over, which signs the founder in. The founder's password is none: hashing it is made slow.
    """
    from django.db import transaction

    from accounts import handover
    from accounts.models import Person
    from accounts.people import create_person
    from tenants.db import in_organisation
    from tenants.provisioning import claim

    made = []
    for address in addresses:
        began = time.perf_counter()
        with transaction.atomic():
            organisation = claim(address.title(), address)
            claimed = _milliseconds_since(began)
            with in_organisation(organisation):
                founder = create_person(
                    email=f"founder@{address}.example", name="Founder", role=Person.Role.OWNER, password=None
                )
                token = handover.make(founder)
        _page(port, organisation.host, "/accounts/login/")
        usable = _milliseconds_since(began)
        found = {"host": organisation.host, "schema": organisation.schema_name, "token": token}
        made.append(found | {"claim": claimed, "usable": usable})
    return made


def claimed_all(prefix: str) -> int:
    """Claim every spare there is; how many organisations are in use then."""
    from tenants.models import Organisation
    from tenants.provisioning import claim

    for number in range(Organisation.objects.filter(state=Organisation.State.SPARE).count()):
        claim(f"{prefix.title()} {number}", f"{prefix}{number}")
    return Organisation.objects.exclude(state=Organisation.State.SPARE).count()


def unregistered(count: int) -> list[str]:
    """Schemas as organisations have them, of which the registry knows nothing, so that Parley leaves them alone."""
    from tenants.models import Organisation
    from tenants.provisioning import make_spare

    names = [make_spare().schema_name for _ in range(count)]
    Organisation.objects.filter(schema_name__in=names).delete()
    return names


def migrated_by_django_tenants(schemas: list[str]) -> float:
    """Milliseconds that django-tenants' `migrate_schemas` takes for these schemas, by its standard executor.

    With the settings of `tests.bench.django_tenants_settings`.
    """
    from django_tenants.migration_executors import get_executor

    options = {
        "verbosity": 0, "interactive": False, "database": "default", "app_label": None, "migration_name": None,
        "fake": False, "fake_initial": False, "plan": False, "run_syncdb": False, "check_unapplied": False,
        "prune": False, "skip_checks": True, "force_color": False, "no_color": True, "traceback": False,
    }  # fmt: skip
    began = time.perf_counter()
    get_executor("standard")([], options).run_migrations(tenants=list(schemas))
    return _milliseconds_since(began)


def _page(port: int, host: str, path: str) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the address is the line above
        return answer.read()


def _milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


VERBS = {
    verb.__name__: verb for verb in (spares, founded, claimed_all, unregistered, migrated_by_django_tenants)
}

if __name__ == "__main__":
    django.setup()
    print("\n" + json.dumps(VERBS[sys.argv[1]](**json.loads(sys.argv[2]))))
