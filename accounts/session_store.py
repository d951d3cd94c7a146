"""Django's sessions in the database, read by a statement of ours, which brings the person along (accounts.session_rows).

Whose the session is says its signed content alone. allauth's row beside it, which each sign-in makes, only tells
Postgres where to look for the person, so that a page asks once and not twice (accounts.middleware decides whether it
is them).
"""

from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection

from accounts import session_rows
from accounts.models import Person


def person_from(row: Any) -> Person:
    """The person of a row of `session_rows.COLUMNS`."""
    return Person.from_db(connection.alias, session_rows.FIELDS, row)


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
