"""Where people are signed in. All of it runs inside an organisation.

Django's session row is the truth: deleting it ends the session for HTTP at once, and closing its topic for the
sockets. allauth's `UserSession` says whose it is, from where and with what, and when it was last seen.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import broadcasts
from accounts.broadcasts import session_topic
from accounts.devices import device_name
from accounts.limits import client_ip
from accounts.models import Person

__all__ = [
    "SignedIn",
    "end_all_sessions",
    "end_session",
    "note_sign_in",
    "session_topic",
    "sessions_of",
    "still_valid",
]

_LONGEST_USER_AGENT = 200
_STILL_VALID = """
select asked.person_id, asked.session_key
from unnest(%s::bigint[], %s::text[]) as asked (person_id, session_key)
join django_session session on session.session_key = asked.session_key and session.expire_date > now()
join accounts_person person on person.id = asked.person_id and person.is_active
"""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session as its person sees it."""

    pk: int
    device: str
    ip: str
    since: datetime
    last_seen: datetime
    is_this: bool


def note_sign_in(request: HttpRequest, person: Person) -> None:
    """Remember whose the request's new session is. Two queries."""
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": person,
            "ip": client_ip(request),
            "user_agent": request.META.get("HTTP_USER_AGENT", "")[:_LONGEST_USER_AGENT],
        },
    )


def sessions_of(person: Person, session_key: str) -> list[SignedIn]:
    """Where `person` is signed in, `session_key`'s first, then the last seen. Two queries."""
    rows = list(UserSession.objects.filter(user=person).order_by("-last_seen_at"))
    living = Session.objects.filter(
        session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now()
    )
    keys = set(living.values_list("session_key", flat=True))
    found = [
        SignedIn(
            pk=row.pk,
            device=device_name(row.user_agent),
            ip=row.ip,
            since=row.created_at,
            last_seen=row.last_seen_at,
            is_this=row.session_key == session_key,
        )
        for row in rows
        if row.session_key in keys
    ]
    return sorted(found, key=lambda session: not session.is_this)


@transaction.atomic
def end_session(person: Person, session_id: int) -> str:
    """End one session of `person` and return its key. Raises UserSession.DoesNotExist for anybody else's."""
    session_key = UserSession.objects.get(pk=session_id, user=person).session_key
    _end([session_key])
    return session_key


@transaction.atomic
def end_all_sessions(person: Person, *, keep: str | None = "") -> int:
    """End all sessions of `person` but the one with the key `keep`; returns how many."""
    keys = UserSession.objects.filter(user=person).exclude(session_key=keep or "")
    return _end(list(keys.values_list("session_key", flat=True)))


def _end(session_keys: Collection[str]) -> int:
    Session.objects.filter(session_key__in=session_keys).delete()
    UserSession.objects.filter(session_key__in=session_keys).delete()
    broadcasts.sessions_ended(session_keys)
    return len(session_keys)


def still_valid(pairs: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the (person id, session key) pairs that are still signed in and active. One query."""
    asked = list(pairs)
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_STILL_VALID, [[person for person, _ in asked], [key for _, key in asked]])
        rows: list[Any] = cursor.fetchall()
    return set(rows)
