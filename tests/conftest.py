"""The standing cast: Alice and Bob of Acme talk in a room; Charlie is of Acme but not in it; Dana is a guest in it;
Mallory owns Globex and wants in. Real Postgres, real Valkey; the organisations are built once, and what a test
changed is put back after it.
"""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import organisation_settings, people
from accounts.models import Person
from chat import rooms
from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post, Posted
from tenants import hosts, migrating, provisioning
from tenants.db import in_organisation
from tenants.models import Organisation
from tests import buckets, servers
from tests.events import Published
from tests.restoring import Snapshot

PASSWORD = "correct horse battery staple"


def pytest_configure() -> None:
    # Nobody guesses the cast's passwords; the real hashers cost a third of a second for each person.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.LINK_PREVIEWS = (
        False  # no test asks a server of the internet for what a message happens to link to
    )


@pytest.fixture(scope="session", autouse=True)
def _database(django_db_blocker: Any) -> Iterator[None]:
    """Every test may use the database; nothing is wrapped in a transaction, because other threads must see it."""
    with django_db_blocker.unblock():
        report = migrating.migrate_all()
        assert not report.broken
        yield


@pytest.fixture(scope="session")
def _organisations(_database: None) -> dict[str, tuple[Organisation, Snapshot]]:
    built: dict[str, tuple[Organisation, Snapshot]] = {}
    casts = {
        "acme": [("alice", "owner"), ("bob", "member"), ("charlie", "member"), ("dana", "guest")],
        "globex": [("mallory", "owner")],
    }
    for address, cast in casts.items():
        organisation = provisioning.claim(address.title(), address)
        with in_organisation(organisation):
            for name, role in cast:
                people.create_person(
                    email=f"{name}@{address}.example", name=name.title(), role=role, password=PASSWORD
                )
            built[address] = organisation, Snapshot.take(organisation)
    return built


@pytest.fixture
def acme(_organisations: dict[str, tuple[Organisation, Snapshot]]) -> Iterator[Organisation]:
    yield from _restored(_organisations, "acme")


@pytest.fixture
def globex(_organisations: dict[str, tuple[Organisation, Snapshot]]) -> Iterator[Organisation]:
    yield from _restored(_organisations, "globex")


def _restored(built: dict[str, tuple[Organisation, Snapshot]], address: str) -> Iterator[Organisation]:
    organisation, snapshot = built[address]
    hosts.forget()
    organisation_settings.forget()
    yield Organisation.objects.get(pk=organisation.pk)
    look = {"name": organisation.name, "accent": organisation.accent}
    Organisation.objects.filter(pk=organisation.pk).exclude(**look).update(**look)
    snapshot.restore(keep={one.pk for one, _ in built.values()})


def _person(organisation: Organisation, name: str) -> Person:
    with in_organisation(organisation):
        person = Person.objects.get(email__startswith=f"{name}@")
    person.organisation = organisation  # for `client_of` and the socket helpers
    return person


@pytest.fixture
def alice(acme: Organisation) -> Person:
    """Owner of Acme, in the room."""
    return _person(acme, "alice")


@pytest.fixture
def bob(acme: Organisation) -> Person:
    """Member of Acme, in the room."""
    return _person(acme, "bob")


@pytest.fixture
def charlie(acme: Organisation) -> Person:
    """Member of Acme, not in the room."""
    return _person(acme, "charlie")


@pytest.fixture
def dana(acme: Organisation) -> Person:
    """Guest of Acme, in the room."""
    return _person(acme, "dana")


@pytest.fixture
def mallory(globex: Organisation) -> Person:
    """Owner of Globex, who wants in."""
    return _person(globex, "mallory")


@pytest.fixture
def room(acme: Organisation, alice: Person, bob: Person, dana: Person) -> Room:
    """A private room of Acme with Alice, Bob and Dana."""
    with in_organisation(acme):
        return rooms.create_room(alice, name="Design", kind=Room.Kind.PRIVATE, members=[bob.pk, dana.pk])


@pytest.fixture
def public_room(acme: Organisation, alice: Person, bob: Person) -> Room:
    """A public room of Acme with Alice and Bob."""
    with in_organisation(acme):
        return rooms.create_room(alice, name="Lounge", kind=Room.Kind.PUBLIC, members=[bob.pk])


@pytest.fixture
def say() -> Callable[..., Posted]:
    """`say(person, room, "text")` posts through the domain and returns what was posted."""

    def post(person: Any, room: Room, text: str, client_id: uuid.UUID | None = None) -> Posted:
        with in_organisation(person.organisation):
            (posted,) = post_messages([Post(person.pk, room.pk, client_id or uuid.uuid4(), text)])
        assert isinstance(posted, Posted), posted
        return posted

    return post


@pytest.fixture
def client_of() -> Callable[[Any], Client]:
    """`client_of(person)` is a browser in which that person is signed in; `client_of(organisation)` an anonymous one."""

    def client(who: Any) -> Client:
        organisation = who if isinstance(who, Organisation) else who.organisation
        browser = Client(headers={"host": organisation.host})
        if who is not organisation:
            with in_organisation(organisation):
                browser.force_login(who)
        return browser

    return client


@pytest.fixture
def public() -> Client:
    """A browser on the public site."""
    return Client(headers={"host": "localhost"})


@pytest.fixture
def published() -> Iterator[Published]:
    """What was published on Valkey since the test began: `published()` gives (schema, Envelope) pairs."""
    assert servers.servers is not None
    with Published.listen(servers.servers.redis_url) as listening:
        yield listening


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server of this process' own."""
    with buckets.serving() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3: str, settings: Any) -> buckets.OwnBucket:
    """Files are in S3, in this bucket, which is empty."""
    made = buckets.new_bucket(s3)
    stored = {"BACKEND": "tenants.s3.Bucket", "OPTIONS": buckets.options(s3, made.name)}
    settings.STORAGES = {**settings.STORAGES, "default": stored}
    return made


@pytest.fixture
def run_jobs() -> Callable[[], None]:
    """`run_jobs()` runs the background jobs that wait, with procrastinate's own worker."""
    from tests.jobs import run_waiting_jobs

    return run_waiting_jobs
