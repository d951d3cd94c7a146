"""Makes the textbook's tables, people, sessions and rooms; prints JSON as `tests.bench.seed` does."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.textbook.settings")


def seeded(people=1, rooms=1, members=0):
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from tests.bench.textbook.models import Room

    call_command("migrate", verbosity=0)
    first = User.objects.count()
    users = User.objects.bulk_create(
        [User(username=f"p{first + number}", password=f"!{number}") for number in range(people)]
    )
    cast = []
    for user in users:
        store = SessionStore()
        store.update(
            {
                SESSION_KEY: str(user.pk),
                BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
                HASH_SESSION_KEY: user.get_session_auth_hash(),
            }
        )
        store.create()
        store.save()
        cast.append({"id": user.pk, "session": store.session_key})
    made = []
    for number in range(rooms):
        indexes = [(number * (members or people) + one) % people for one in range(members or people)]
        room = Room.objects.create(name=f"Room {number}")
        room.members.add(*[users[index] for index in indexes])
        made.append({"id": room.pk, "members": indexes})
    return {"host": "localhost", "people": cast, "rooms": made}


if __name__ == "__main__":
    django.setup()
    json.dump(seeded(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")), sys.stdout)
