"""Who signs in with a password is allauth's matter; who comes with a session is read by statements written out."""

from functools import lru_cache
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib import auth
from django.utils.crypto import constant_time_compare

from accounts.models import Person
from accounts.session_rows import COLUMNS
from accounts.session_store import person_from
from tenants.prepared import Prepared

_PERSON = Prepared(
    "person",
    f"select {COLUMNS} from accounts_person person where id = %(person)s",  # noqa: S608 - constants only
    person="bigint",
)


@lru_cache(10_000)
def _session_hash(password: str, key: str) -> str:
    """What a session carries of its person's password: the same for the same hash of it and secret key, so it is made once
    and not for each request."""
    return Person(password=password).get_session_auth_hash()


class PersonBackend(AuthenticationBackend):
    """allauth's backend. Every page of somebody signed in asks for its person: the ORM took 0.45 ms of its 1.6."""

    def get_user(self, user_id: Any) -> Person | None:
        """The active person of this id; None for anybody else. Inside the organisation; one query."""
        row = _PERSON.row(person=user_id)
        person = person_from(row) if row else None
        return person if person and self.user_can_authenticate(person) else None

    def get_session_user(self, session: Any) -> Person | None:
        """The person whom the session's statement brought along, if there is no doubt that it is theirs: it names them and
        this backend, they are active, and it is of their present password. None leaves it to `django.contrib.auth`."""
        named = session.get(auth.SESSION_KEY)
        person = session.person_beside()
        if (
            person is not None
            and named == str(person.pk)
            and session.get(auth.BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
            and self.user_can_authenticate(person)
            and constant_time_compare(
                session.get(auth.HASH_SESSION_KEY, ""), _session_hash(person.password, settings.SECRET_KEY)
            )
        ):
            return person
        return None
