"""What accounts tell the open sockets. Everything waits for the commit."""

import hashlib
from collections.abc import Iterable

from django.db import transaction

from tenants.db import current_organisation
from tenants.events import ACCESS_LOST, SIGNED_OUT, UNAVAILABLE, Envelope, frame, person_topic
from tenants.layers import publish


def session_topic(session_key: str) -> str:
    """The topic of a session's sockets: a hash, because whoever knows the key is signed in."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def sessions_ended(session_keys: Iterable[str]) -> None:
    """Close the sockets of these sessions: their person signed out, here or from another device."""
    topics = tuple(session_topic(session_key) for session_key in session_keys)
    if topics:
        _close(topics, SIGNED_OUT)


def person_deactivated(person_id: int) -> None:
    """Close every socket of a person who may do nothing any more."""
    _close((person_topic(person_id),), ACCESS_LOST)


def role_changed(person_id: int) -> None:
    """Make every socket of a person connect again, so that it is authorised by the new role."""
    _close((person_topic(person_id),), UNAVAILABLE)


def groups_changed(person_id: int, groups: str) -> None:
    """Which groups a person is in now ("g1 g2"): their pages know by it which mentions are theirs."""
    organisation = current_organisation()
    ready = frame("groups", groups=groups)
    news = Envelope(group="activity", topics=(person_topic(person_id),), frame=ready)
    transaction.on_commit(lambda: publish(organisation, news))


def _close(topics: tuple[str, ...], code: int) -> None:
    organisation = current_organisation()
    closing = Envelope(group="activity", topics=topics, close=code)
    transaction.on_commit(lambda: publish(organisation, closing))
