"""Django's sessions in the database, read by a statement written out, which brings the person along.

Every request begins with this one; the ORM took longer to compile it than Postgres to answer. Its clock is the
database's: that of a web process may be minutes off.

Whose the session is says its signed content alone. allauth's row beside it, which each sign-in makes, only tells
Postgres where to look for the person, so that a page asks once and not twice (accounts.middleware decides whether it
is them).
"""

from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection

from accounts.models import Person
from tenants.prepared import Prepared

_FIELDS = [field.attname for field in Person._meta.concrete_fields]
COLUMNS = ", ".join(f"person.{field.column}" for field in Person._meta.concrete_fields)
_READ = Prepared(
    "session",
    f"select session.session_data, {COLUMNS} from django_session session "  # noqa: S608 - constants only
    "left join usersessions_usersession used on used.session_key = session.session_key "
    "left join accounts_person person on person.id = used.user_id "
    "where session.session_key = %(key)s and session.expire_date > clock_timestamp()",
    key="text",
)


def person_from(row: Any) -> Person:
    """The person of a row of COLUMNS."""
    return Person.from_db(connection.alias, _FIELDS, row)


class SessionStore(db.SessionStore):
    """Reads as said above; everything else is Django's, the signed content too."""

    _beside: tuple[Any, ...] | None = None

    def person_beside(self) -> Person | None:
        """Whose the session may be, once it was read: who asks has to compare. None where nobody stands beside it, and the
        second time. No query."""
        row, self._beside = self._beside, None
        return person_from(row) if row else None

    def load(self) -> dict[str, Any]:
        row = _READ.row(key=self.session_key)
        if row is None:
            self._session_key = None
            return {}
        self._beside = row[1:] if row[1] is not None else None
        return self.decode(row[0])  # type: ignore[no-any-return]
