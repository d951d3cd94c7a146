"""Background work of accounts."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.letters import Letter
from accounts.models import HandOver, Person
from tenants.db import in_organisation
from tenants.jobs import enqueue, job, public_job
from tenants.models import Organisation, SignUp


@job(queue="mail")
def deliver(organisation: Organisation, *, sealed: str) -> None:
    """Post a mail of an organisation."""
    Letter.opened(sealed).post()


@public_job(queue="mail")
def deliver_for_nobody(*, sealed: str) -> None:
    """Post a mail of the public site."""
    Letter.opened(sealed).post()


@public_job(queue="mail")
def mail_workspaces(*, email: str) -> None:
    """Mail the owner of an address where they have an account; nothing where they have none.

    Asks every active organisation: one short query each.
    """
    found = []
    for organisation in Organisation.objects.filter(state=Organisation.State.ACTIVE).order_by("name", "pk"):
        with in_organisation(organisation):
            if Person.objects.filter(email=email, is_active=True, kind=Person.Kind.PERSON).exists():
                found.append({"name": organisation.name, "url": organisation.url()})
    if found:
        Letter.written("accounts/mail/workspaces", email, {"workspaces": found}).post()


@public_job(every="17 3 * * *")
def tidy_up() -> None:
    """Forget what has expired: sign-ups under way, and in every organisation sessions and hand-over tokens."""
    SignUp.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()
    for organisation in Organisation.objects.filter(state=Organisation.State.ACTIVE):
        with in_organisation(organisation):
            enqueue(forget_expired)


@job()
def forget_expired(organisation: Organisation) -> None:
    """Delete the expired sessions and hand-over tokens of one organisation."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    living = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.exclude(Exists(living)).delete()
    HandOver.objects.filter(expires_at__lt=now).delete()
