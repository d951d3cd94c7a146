"""Django's sessions in the database, read by a statement written out.

Every request begins with this one; the ORM took longer to compile it than Postgres to answer. Its clock is the
database's: that of a web process may be minutes off.
"""

from typing import Any

from django.contrib.sessions.backends import db

from tenants.prepared import Prepared

_READ = Prepared(
    "session",
    "select session_data, expire_date from django_session "
    "where session_key = %(key)s and expire_date > clock_timestamp()",
    key="text",
)


class SessionStore(db.SessionStore):
    """Reads as said above; everything else is Django's, the signed content too."""

    def _get_session_from_db(self) -> Any:
        row = _READ.row(key=self.session_key)
        if row is None:
            self._session_key = None
            return None
        return self.model(session_key=self.session_key or "", session_data=row[0], expire_date=row[1])
