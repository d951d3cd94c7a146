"""Background work of accounts."""

from collections.abc import Sequence
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.letters import Letter
from accounts.models import HandOver, Person
from tenants.db import in_organisation
from tenants.jobs import enqueue, enqueue_for_everyone, job, public_job
from tenants.models import Organisation, SignUp

ASKED_AT_ONCE = 100  # organisations, by one job: half a second, for which other mail waits


@job(queue="mail")
def deliver(organisation: Organisation, *, sealed: str) -> None:
    """Post a mail of an organisation."""
    Letter.opened(sealed).post()


@public_job(queue="mail")
def deliver_for_nobody(*, sealed: str) -> None:
    """Post a mail of the public site."""
    Letter.opened(sealed).post()


@public_job(queue="mail")
def mail_workspaces(*, email: str, after: int = 0, found: Sequence[int] = ()) -> None:
    """Mail the owner of an address where they have an account; nothing where they have none.

    One short query for each active organisation after the id `after`, at most ASKED_AT_ONCE of them: then the next
    job goes on with what was `found` (ids of organisations), behind the other mail that waits.
    """
    active = Organisation.objects.filter(state=Organisation.State.ACTIVE)
    asked = list(active.filter(pk__gt=after).order_by("pk")[:ASKED_AT_ONCE])
    found = [*found, *(organisation.pk for organisation in asked if _is_member(organisation, email))]
    if len(asked) == ASKED_AT_ONCE:
        enqueue(mail_workspaces, email=email, after=asked[-1].pk, found=found)
    elif found:
        theirs = active.filter(pk__in=found).order_by("name", "pk")
        workspaces = [{"name": one.name, "url": one.url()} for one in theirs]
        Letter.written("accounts/mail/workspaces", email, {"workspaces": workspaces}).post()


def _is_member(organisation: Organisation, email: str) -> bool:
    with in_organisation(organisation):
        return Person.objects.filter(email=email, is_active=True, kind=Person.Kind.PERSON).exists()


@public_job(every="17 3 * * *")
def tidy_up() -> None:
    """Forget what has expired: sign-ups under way, and in every organisation sessions and hand-over tokens."""
    SignUp.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()
    enqueue_for_everyone(forget_expired)


@job()
def forget_expired(organisation: Organisation) -> None:
    """Delete the expired sessions and hand-over tokens of one organisation."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    living = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.exclude(Exists(living)).delete()
    HandOver.objects.filter(expires_at__lt=now).delete()
