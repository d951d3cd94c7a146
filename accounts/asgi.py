"""The person of a socket, from the session's cookie: two statements for all the sockets that open at a time."""

from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.broadcasts import session_topic
from accounts.models import Person
from accounts.standing import topics_by
from tenants.asgi import App, header
from tenants.together import together

_sessions = import_module(settings.SESSION_ENGINE)


class Visitor(msgspec.Struct, frozen=True):
    """Who opened a socket, as of that moment."""

    person_id: int
    session_key: str
    role: str
    name: str
    shares_reading: bool

    @property
    def topics_by_standing(self) -> frozenset[str]:
        return topics_by(self.role, self.shares_reading)

    @property
    def topic(self) -> str:
        """The topic that closes this socket when its session ends."""
        return session_topic(self.session_key)


def with_person(inner: App) -> App:
    """Put `scope["person"]`: a Visitor, or None where nobody is signed in. Needs `scope["organisation"]`."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        session_key = _session_key(scope)
        person = await together(scope["organisation"], visitors, session_key) if session_key else None
        scope["person"] = person
        scope[
            "headers"
        ] = []  # nobody needs them any more, and a sleeping socket would keep kilobytes of them
        await inner(scope, receive, send)

    return app


def visitors(session_keys: Sequence[str]) -> list[Visitor | None]:
    """Who is signed in with the sessions of these keys. Synchronous, inside the organisation; two queries."""
    store = _sessions.SessionStore()
    living = store.model.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    sessions = {row.session_key: store.decode(row.session_data) for row in living}
    signed_in = {_person_id(session) for session in sessions.values()}
    people = Person.objects.filter(pk__in=signed_in, is_active=True).in_bulk()
    return [_visitor(key, sessions.get(key, {}), people) for key in session_keys]


def _visitor(session_key: str, session: Mapping[str, Any], people: Mapping[int, Person]) -> Visitor | None:
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    person = people.get(_person_id(session))
    if person is None or not _knows_password(person, session.get(HASH_SESSION_KEY, "")):
        return None
    return Visitor(person.pk, session_key, person.role, person.name, person.shares_reading)


def _person_id(session: Mapping[str, Any]) -> int:
    """0 where a session names nobody: one odd session must not fail all that are asked for with it."""
    name = str(session.get(SESSION_KEY, ""))
    return int(name) if name.isascii() and name.isdigit() and len(name) <= 18 else 0


def _knows_password(person: Person, session_hash: str) -> bool:
    """Django's check: the session is of the person's present password, also while SECRET_KEY is being replaced."""
    hashes = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
    return any(constant_time_compare(session_hash, one) for one in hashes)


def _session_key(scope: dict[str, Any]) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(header(scope, b"cookie") or "")
    except CookieError:
        return ""
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    key = morsel.value if morsel else ""
    return key if key.isalnum() and len(key) <= 40 else ""
