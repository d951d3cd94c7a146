"""The back office of a chaotic run: what administrators do, through the domain's functions, in a process of its own.

Reads a line of JSON for each wish (`{"wish": "room", …}`) and answers each with one. It is told nothing of faults:
while Postgres is away it tries again, as a person would.
"""

import json
import os
import secrets
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, InterfaceError  # noqa: E402
from django.test import Client  # noqa: E402
from psycopg_pool import PoolTimeout  # noqa: E402

from accounts import jobs, people  # noqa: E402
from accounts.letters import Letter  # noqa: E402
from accounts.models import Person  # noqa: E402
from chat import rooms  # noqa: E402
from tenants import migrating, provisioning  # noqa: E402
from tenants.db import in_organisation, leave  # noqa: E402
from tenants.jobs import enqueue  # noqa: E402
from tenants.models import Organisation  # noqa: E402

PATIENCE = 60.0  # seconds that a wish is tried for
PAUSE = 0.2


def found(address: str, people_count: int) -> dict[str, Any]:
    """A new organisation with a canary in every name, and its people with a session each."""
    organisation = provisioning.claim(address.title(), address)
    canary = f"{address}-{secrets.token_hex(8)}"
    with in_organisation(organisation):
        cast = [
            people.create_person(
                email=f"p{number}@{address}.example",
                name=f"{canary} P{number}",
                role=Person.Role.MEMBER if number else Person.Role.OWNER,
            )
            for number in range(people_count)
        ]
    return {
        "address": address,
        "host": organisation.host,
        "schema": organisation.schema_name,
        "epoch": str(organisation.epoch),
        "canary": canary,
        "people": [
            {"id": person.pk, "name": person.name, "session": session_of(organisation, person)}
            for person in cast
        ],
    }


def room(address: str, name: str, members: list[int]) -> int:
    """A private room for one schedule, whose number is the answer."""
    with in_organisation(_organisation(address)):
        return rooms.create_room(Person.objects.get(pk=members[0]), name, "private", members=members[1:]).pk


def deactivate(address: str, actor: int, person: int) -> float:
    """Shut the person out; the answer is when that was committed, by the machine's monotonic clock."""
    with in_organisation(_organisation(address)):
        people.deactivate(Person.objects.get(pk=actor), person)
    return time.monotonic()


def reactivate(address: str, actor: int, person: int) -> str:
    """Let the person in again; the answer is the key of a new session."""
    organisation = _organisation(address)
    with in_organisation(organisation):
        again = people.reactivate(Person.objects.get(pk=actor), person)
    return session_of(organisation, again)


def mail(address: str, marks: list[str]) -> bool:
    """Enqueue a mail for each mark, as every mail is."""
    with in_organisation(_organisation(address)):
        for mark in marks:
            letter = Letter(to=f"somebody@{address}.example", subject=f"mark {mark}", body="Hello.\n")
            enqueue(jobs.deliver, sealed=letter.sealed())
    return True


def back_up(address: str, path: str) -> float:
    """As the command does it; the answer is a moment before it began."""
    began = time.monotonic()
    call_command("backup", address, path, fast=True, stdout=sys.stderr)
    return began


def restore(path: str) -> float:
    """As the command does it; the answer is a moment after it had ended."""
    call_command("restore", path, fast=True, stdout=sys.stderr)
    return time.monotonic()


def session_of(organisation: Organisation, person: Person) -> str:
    client = Client(headers={"host": organisation.host})
    with in_organisation(organisation):
        client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def prepare() -> bool:
    """What a deployment does before it starts: the database, and the static files that its error pages name too."""
    call_command("collectstatic", interactive=False, verbosity=0)
    return not migrating.migrate_all().broken


WISHES = {one.__name__: one for one in (prepare, found, room, deactivate, reactivate, mail, back_up, restore)}


def _organisation(address: str) -> Organisation:
    return Organisation.objects.get(address=address)


def _grant(wish: dict[str, Any]) -> Any:
    function = WISHES[wish.pop("wish")]
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return function(**wish)
        except (DatabaseError, InterfaceError, PoolTimeout):
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
        finally:
            leave()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(_grant(json.loads(line))), flush=True)
