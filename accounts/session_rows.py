"""The row of a session with its person, read by a statement written out: alone, or for all that wait for their turn.

Every request begins with this one; the ORM took longer to compile it than Postgres to answer. Its clock is the
database's: that of a web process may be minutes off.

Where other requests wait, their sessions are read with it (tenants.queued). What was read for a request is there the first
time that it asks, in the organisation and for the key that it was read for; in every other case the request asks itself.
"""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from django.conf import settings

from accounts.models import Person
from tenants.connection import of_this_thread
from tenants.prepared import Prepared, texts
from tenants.queued import QueuedRequest

# The session's signed content and COLUMNS, which are None where nobody stands beside it.
type Row = tuple[Any, ...]
type Rows = dict[tuple[str, str], Row]  # by schema and key

_PATIENCE = 0.1  # seconds for another's answer

FIELDS = [field.attname for field in Person._meta.concrete_fields]
COLUMNS = ", ".join(f"person.{field.column}" for field in Person._meta.concrete_fields)
_FOUND = (
    f"session.session_data, {COLUMNS} from django_session session "
    "left join usersessions_usersession used on used.session_key = session.session_key "
    "left join accounts_person person on person.id = used.user_id "
    "where session.expire_date > clock_timestamp() and session.session_key"
)
_ONE = Prepared("session", f"select {_FOUND} = %(key)s", key="text")
_SEVERAL = Prepared("sessions", f"select session.session_key, {_FOUND} = any(%(keys)s)", keys="text[]")


def read(key: str, request: object = None) -> Row | None:
    """The row of the session of this key; None where it has none, or has run out. Inside the organisation; one query, none
    where another request asked for it."""
    if not isinstance(request, QueuedRequest):
        return _ONE.row(key=key)
    if (row := _asked_for(request).get((of_this_thread().schema_name, key))) is not None:
        return row
    others = {other: its_key for other in _others(request) if (its_key := _key_of(other))}
    return _read_with(key, others) if others else _ONE.row(key=key)


def _asked_for(request: QueuedRequest) -> Rows:
    """What another request asked for this one: it asked before, so its answer comes sooner than that to the same question."""
    asked = request.take()
    try:
        return asked.result(_PATIENCE) if asked else {}
    except Exception:
        return {}  # that was theirs


def _read_with(key: str, others: dict[QueuedRequest, str]) -> Row | None:
    inside = of_this_thread().schema_name
    rows: Rows = {}
    answers: Future[Rows] = Future()
    for other in others:
        other.asked_for(answers)
    try:
        for its_key, *row in _SEVERAL.rows(keys=texts({key, *others.values()})):
            rows[inside, its_key] = tuple(row)
    finally:
        answers.set_result(rows)
    return rows.get((inside, key))


def _others(request: QueuedRequest) -> Iterable[QueuedRequest]:
    """Those that wait with `request` for the same host, and will ask for their session."""
    host = request.META.get("HTTP_HOST")
    return (
        other
        for other in request.beside()
        if other.META.get("HTTP_HOST") == host and not other.path.startswith(settings.STATIC_URL)
    )


def _key_of(request: QueuedRequest) -> str:
    """The key of its session, if it looks like one: what does not fails alone."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isascii() and key.isalnum() else ""
