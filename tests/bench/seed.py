"""Makes organisations to measure with, and says how to sign in to them. Runs as a process of its own:

    python -m tests.bench.seed '{"organisations": 1, "people": 100, "rooms": 1}'     prints JSON, see `seeded`

Everyone is a member of every room, unless `members` says how many: then room i has the i-th group of so many people.
"""

import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def seeded(
    organisations: int = 1, people: int = 1, rooms: int = 1, members: int = 0, prefix: str = "bench"
) -> list[dict[str, Any]]:
    """For each organisation: address, host, schema, epoch, people [{id, session}] and rooms [{id, members}],
    where members are indexes into people."""
    from tenants import migrating
    from tenants.db import in_organisation
    from tenants.provisioning import claim

    if migrating.migrate_all().broken:
        raise RuntimeError("the migrations failed")
    made = []
    for number in range(organisations):
        organisation = claim(f"{prefix.title()} {number}", f"{prefix}{number}")
        with in_organisation(organisation):
            cast = _people(people)
            made.append(
                {
                    "address": organisation.address,
                    "host": organisation.host,
                    "schema": organisation.schema_name,
                    "epoch": str(organisation.epoch),
                    "people": cast,
                    "rooms": _rooms([person["id"] for person in cast], rooms, members or people),
                }
            )
    return made


def _people(count: int) -> list[dict[str, Any]]:
    """An owner and members, each signed in once. In bulk: a thousand through the front door would take a minute."""
    from allauth.usersessions.models import UserSession
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from accounts.models import Person

    roles = [Person.Role.OWNER] + [Person.Role.MEMBER] * (count - 1)
    persons = Person.objects.bulk_create(
        [
            Person(
                email=f"p{number}@bench.example", name=f"Person {number}", role=role, password=f"!{number}"
            )
            for number, role in enumerate(roles)
        ]
    )
    store, sessions = SessionStore(), []
    for person in persons:
        data = {
            SESSION_KEY: str(person.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: person.get_session_auth_hash(),
        }
        expires = timezone.now() + timezone.timedelta(days=1)
        sessions.append(
            Session(
                session_key=store._get_new_session_key(), session_data=store.encode(data), expire_date=expires
            )
        )
    Session.objects.bulk_create(sessions)
    UserSession.objects.bulk_create(
        [
            UserSession(user=person, session_key=session.session_key, ip="127.0.0.1", user_agent="bench")
            for person, session in zip(persons, sessions, strict=True)
        ]
    )
    return [
        {"id": person.pk, "session": session.session_key}
        for person, session in zip(persons, sessions, strict=True)
    ]


def _rooms(person_ids: list[int], count: int, members: int) -> list[dict[str, Any]]:
    from accounts.models import Person
    from chat import rooms
    from chat.memberships import enrol

    made = []
    for number in range(count):
        indexes = [(number * members + one) % len(person_ids) for one in range(members)]
        first, *others = [person_ids[index] for index in indexes]
        room = rooms.create_room(
            Person.objects.get(pk=first), name=f"Room {number}", kind="public", members=[]
        )
        for begin in range(0, len(others), 500):
            enrol(room, others[begin : begin + 500])
        made.append({"id": room.pk, "members": indexes})
    return made


if __name__ == "__main__":
    django.setup()
    json.dump(seeded(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")), sys.stdout)
