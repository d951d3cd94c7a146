"""The person of a socket, from the session's cookie: one call into the organisation, two statements."""

from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare

from accounts.broadcasts import session_topic
from accounts.models import Person
from tenants.asgi import App, header
from tenants.db import in_tenant

_sessions = import_module(settings.SESSION_ENGINE)


class Visitor(msgspec.Struct, frozen=True):
    """Who opened a socket, as of that moment."""

    person_id: int
    session_key: str
    role: str
    name: str

    @property
    def is_guest(self) -> bool:
        return self.role == Person.Role.GUEST

    @property
    def topic(self) -> str:
        """The topic that closes this socket when its session ends."""
        return session_topic(self.session_key)


def with_person(inner: App) -> App:
    """Put `scope["person"]`: a Visitor, or None where nobody is signed in. Needs `scope["organisation"]`."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        session_key = _session_key(scope)
        person = await in_tenant(scope["organisation"], visitor, session_key) if session_key else None
        await inner({**scope, "person": person}, receive, send)

    return app


def visitor(session_key: str) -> Visitor | None:
    """Who is signed in with the session of this key. Synchronous, inside the organisation; two queries."""
    session = _sessions.SessionStore(session_key).load()
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    person = Person.objects.filter(pk=session[SESSION_KEY], is_active=True).first()
    if person is None or not _knows_password(person, session.get(HASH_SESSION_KEY, "")):
        return None
    return Visitor(person.pk, session_key, person.role, person.name)


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
