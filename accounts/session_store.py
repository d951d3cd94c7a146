"""Django's sessions in the database, read by a statement of ours, which brings the person along (accounts.session_rows).

Whose the session is says its signed content alone. allauth's row beside it, which each sign-in makes, only tells
Postgres where to look for the person, so that a page asks once and not twice (accounts.middleware decides whether it
is them).
"""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.core import signing
from django.db import DEFAULT_DB_ALIAS
from django.db.models.base import ModelState

from accounts import session_rows
from accounts.models import Person


def person_from(row: Any) -> Person:
    """The person of a row of `session_rows.COLUMNS`, as Django's `from_db` makes it: each request has one, and field by field
    it took three times as long."""
    person = Person.__new__(Person)
    person._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    person.__dict__.update(zip(session_rows.FIELDS, row, strict=True))
    return person


class _AsItIs:
    """A serializer for the signed bytes themselves."""

    def dumps(self, signed: bytes) -> bytes:
        return signed

    def loads(self, signed: bytes) -> bytes:
        return signed


@lru_cache(10_000)
def _signed(text: str, salt: str, keys: tuple[str, ...]) -> bytes:
    """What was signed with one of `keys`; the same text always has the same signature, so it is looked at once for each."""
    return signing.loads(text, keys[0], salt, _AsItIs, fallback_keys=[*keys[1:]])  # type: ignore[no-any-return]


class SessionStore(db.SessionStore):
    """Reads as said above; everything else is Django's, the signed content too."""

    request: object = None  # whose session it is; others may have read it for it, once
    _beside: tuple[Any, ...] | None = None

    def person_beside(self) -> Person | None:
        """Whose the session may be, once it was read: who asks has to compare. None where nobody stands beside it, and the
        second time. No query."""
        row, self._beside = self._beside, None
        return person_from(row) if row else None

    def load(self) -> dict[str, Any]:
        request, self.request = self.request, None
        row = session_rows.read(self.session_key or "", request)
        if row is None:
            self._session_key = None
            return {}
        self._beside = row[1:] if row[1] is not None else None
        return self.decode(row[0])  # type: ignore[no-any-return]

    def decode(self, session_data: Any) -> dict[str, Any]:
        try:
            keys = settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS
            return self.serializer().loads(_signed(session_data, self.key_salt, keys))  # type: ignore[no-any-return]
        except Exception:
            return super().decode(session_data)  # type: ignore[no-any-return]
