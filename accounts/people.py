"""What happens to people: they join, change, are given roles, leave and come back. All of it inside an organisation.

An owner is never lost: whoever takes an owner's role or activity away locks all owners' rows first, in order of id,
so of two owners who demote each other at once the second finds that they are the last (`LastOwner`).
"""

import functools
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import broadcasts, sessions
from accounts.models import Invitation, Person
from accounts.signals import person_changed, person_deactivated, person_joined

_RANK = {Person.Role.GUEST: 0, Person.Role.MEMBER: 1, Person.Role.ADMINISTRATOR: 2, Person.Role.OWNER: 3}


class NotAllowed(Exception):
    """The acting person has no right to this. The text is for people."""


class LastOwner(NotAllowed):
    """An organisation keeps at least one active owner."""

    def __init__(self) -> None:
        super().__init__(_("This is the last owner. Make somebody else an owner first."))


class EmailTaken(ValueError):
    """Somebody of this organisation has that address already."""


@transaction.atomic
def create_person(
    *,
    email: str,
    name: str,
    role: str = Person.Role.MEMBER,
    password: str | None = None,
    email_verified: bool = True,
    kind: str = Person.Kind.PERSON,
    time_zone: str = "UTC",
    is_operator: bool = False,
) -> Person:
    """Make a person of the organisation, with `password` (None: they can't sign in by password yet).

    Raises EmailTaken. Announces `person_joined`.
    """
    person = Person(
        email=email.strip().lower(),
        name=name,
        role=Person.Role(role),
        kind=kind,
        time_zone=known_time_zone(time_zone),
        is_operator=is_operator,
    )
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            if kind == Person.Kind.PERSON:
                EmailAddress.objects.create(
                    user=person, email=person.email, primary=True, verified=email_verified
                )
    except IntegrityError:
        raise EmailTaken(_("Somebody in this workspace already has this e-mail address.")) from None
    person_joined.send(Person, person=person)
    return person


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Somebody who was elsewhere what a person is here. `email` is in lower case and nobody's here."""

    email: str
    name: str
    role: str = Person.Role.MEMBER
    kind: str = Person.Kind.PERSON
    time_zone: str = "UTC"
    title: str = ""


def create_placeholders(wanted: Sequence[Placeholder]) -> list[Person]:
    """Make people who can't sign in, for what an import says of them; announces nothing. Two queries.

    They are deactivated and in no room. An invitation to their address lets them in as who they were
    (`claim_placeholder`); nothing else proves that somebody is them.
    """
    now = timezone.now()
    made = Person.objects.bulk_create(
        Person(
            email=one.email,
            name=one.name,
            role=Person.Role(one.role),
            kind=one.kind,
            time_zone=known_time_zone(one.time_zone),
            title=one.title,
            password=make_password(None),
            is_active=False,
            is_placeholder=True,
            deactivated_at=now,
        )
        for one in wanted
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, primary=True, verified=False)
        for person in made
        if person.kind == Person.Kind.PERSON
    )
    return made


def placeholders() -> QuerySet[Person]:
    """People of imports who have not been here yet. Lazy."""
    return Person.objects.filter(is_placeholder=True, is_active=False, kind=Person.Kind.PERSON)


def is_here(email: str) -> bool:
    """Whether somebody has this address (in lower case) who is or was here. One query."""
    return Person.objects.filter(email=email).exclude(pk__in=placeholders().values("pk")).exists()


@transaction.atomic
def claim_placeholder(person: Person, *, name: str, role: str, password: str, time_zone: str) -> Person:
    """A placeholder, whose row is locked, joins: their address was proved by the mail that invited them.

    Announces `person_joined`, as for anybody who joins.
    """
    person.name, person.role, person.time_zone = name, Person.Role(role), known_time_zone(time_zone)
    person.is_active, person.is_placeholder, person.deactivated_at = True, False, None
    person.set_password(password)
    person.save(
        update_fields=[
            "name",
            "role",
            "time_zone",
            "is_active",
            "is_placeholder",
            "deactivated_at",
            "password",
        ]
    )
    EmailAddress.objects.filter(user=person, email=person.email).update(verified=True, primary=True)
    person_joined.send(Person, person=person)
    _announce(person, "name", "active")
    return person


def known_time_zone(name: str) -> str:
    """`name` where the database of time zones has it, else "UTC": browsers may know zones that we don't."""
    return name if name in _time_zones() else "UTC"


@functools.cache
def _time_zones() -> set[str]:
    return zoneinfo.available_timezones()  # walks the whole database of time zones on the disk, 80 ms


@transaction.atomic
def share_reading(person: Person, shares: bool) -> None:
    """Whether others see what `person` has read, and they what others have."""
    if person.shares_reading != shares:
        person.shares_reading = shares
        person.save(update_fields=["shares_reading"])
        _announce(person, "shares_reading")


def may_grant(person: Person, role: str) -> bool:
    """Whether `person` may give somebody `role`: administrators, and nothing above their own."""
    return person.is_administrator and _RANK[Person.Role(role)] <= _RANK[Person.Role(person.role)]


def may_manage(person: Person, other: Person) -> bool:
    """Whether `person` may change the role and activity of `other`."""
    return may_grant(person, other.role)


@transaction.atomic
def change_role(actor: Person, person_id: int, role: str) -> Person:
    """Give a person another role. Raises NotAllowed, LastOwner, Person.DoesNotExist."""
    actor, person, owners = _locked(actor, person_id)
    if not may_manage(actor, person) or not may_grant(actor, role):
        raise NotAllowed(_("Only owners can make somebody an owner, or change what an owner is."))
    if person.role == role:
        return person
    if person.is_owner and owners == {person.pk}:
        raise LastOwner
    person.role = Person.Role(role)
    person.save(update_fields=["role"])
    if not person.is_administrator:
        _revoke_invitations(person)
    broadcasts.role_changed(person.pk)
    _announce(person, "role")
    return person


@transaction.atomic
def deactivate(actor: Person, person_id: int) -> Person:
    """Shut a person out: sessions, sockets and open invitations end now. What they wrote stays.

    Raises NotAllowed, LastOwner, Person.DoesNotExist.
    """
    actor, person, owners = _locked(actor, person_id)
    if not may_manage(actor, person):
        raise NotAllowed(_("Only owners can deactivate an owner."))
    if not person.is_active:
        return person
    if person.is_owner and owners == {person.pk}:
        raise LastOwner
    person.is_active, person.deactivated_at = False, timezone.now()
    person.save(update_fields=["is_active", "deactivated_at"])
    sessions.end_all_sessions(person)
    _revoke_invitations(person)
    broadcasts.person_deactivated(person.pk)
    person_deactivated.send(Person, person=person)
    _announce(person, "active")
    return person


@transaction.atomic
def reactivate(actor: Person, person_id: int) -> Person:
    """Let a person in again, with the role they had. Raises NotAllowed, Person.DoesNotExist."""
    actor, person, _owners = _locked(actor, person_id)
    if not may_manage(actor, person):
        raise NotAllowed(_("Only owners can reactivate an owner."))
    if not person.is_active:
        person.is_active, person.is_placeholder, person.deactivated_at = True, False, None
        person.save(update_fields=["is_active", "is_placeholder", "deactivated_at"])
        _announce(person, "active")
    return person


def _locked(actor: Person, person_id: int) -> tuple[Person, Person, set[int]]:
    """The actor and the person as they are now, and the ids of all active owners; all of these rows are locked."""
    people = Person.objects.select_for_update(no_key=True).order_by("pk")
    wanted = people.filter(pk__in={actor.pk, person_id}) | people.filter(
        role=Person.Role.OWNER, is_active=True
    )
    rows = {person.pk: person for person in wanted}
    if person_id not in rows:
        raise Person.DoesNotExist
    now = rows[actor.pk]
    if not now.is_active or not now.is_administrator:
        raise NotAllowed(_("Only administrators can do this."))
    owners = {person.pk for person in rows.values() if person.is_owner and person.is_active}
    return now, rows[person_id], owners


def _revoke_invitations(person: Person) -> None:
    """What somebody without the right to invite has invited to must not let anybody in."""
    Invitation.objects.filter(invited_by=person, revoked_at__isnull=True).update(revoked_at=timezone.now())


def _announce(person: Person, *changed: str) -> None:
    person_changed.send(Person, person=person, changed=frozenset(changed))
