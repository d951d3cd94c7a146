"""An organisation signs itself up, in steps: its name and address and the founder, a code by e-mail, a password.

Runs on the public site, in `public`. Until the last step nothing exists but a row of SignUp that is forgotten within a
day; the last step makes organisation, founder and hand-over token in one transaction, or none of them.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import handover, mail, people
from accounts.models import Person
from tenants.addresses import check_address
from tenants.db import in_organisation
from tenants.models import Organisation, SignUp
from tenants.provisioning import claim

CODE_LIVES = timedelta(minutes=10)
TIME_TO_FINISH = timedelta(hours=2)
MOST_ATTEMPTS = 5


class CodeRefused(Exception):
    """`code` is wrong, expired or exhausted; `left` is how many attempts remain."""

    def __init__(self, code: str, left: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.left = left


@dataclass(frozen=True, slots=True)
class Finished:
    """Where the founder goes: to the new host, with a token that signs in once ("": sign in with the password)."""

    organisation: Organisation
    token: str


def start(*, organisation_name: str, address: str, person_name: str, email: str) -> SignUp:
    """Begin a sign-up and mail the code. Raises tenants.addresses.AddressRefused."""
    sign_up = SignUp(
        id=uuid.uuid4(),
        organisation_name=organisation_name,
        address=check_address(address),
        person_name=person_name,
        email=email.strip().lower(),
    )
    with transaction.atomic():
        code = _new_code(sign_up)
        sign_up.save(force_insert=True)
        _mail_code(sign_up, code)
    return sign_up


def resend(sign_up: SignUp) -> None:
    """Mail a new code; the one before stops working."""
    with transaction.atomic():
        code = _new_code(sign_up)
        sign_up.save(update_fields=["code_hash", "attempts", "expires_at"])
        _mail_code(sign_up, code)


def under_way(sign_up_id: str) -> SignUp | None:
    """The sign-up of this id that can still be finished, or was a moment ago."""
    try:
        number = uuid.UUID(sign_up_id)
    except ValueError:
        return None
    return SignUp.objects.filter(pk=number, created_at__gt=timezone.now() - TIME_TO_FINISH).first()


def verify_code(sign_up_id: uuid.UUID, code: str) -> None:
    """Check the code from the mail; every wrong one counts. Raises CodeRefused."""
    # Counted in one statement before the code is looked at: many guesses at once are still five.
    counted = SignUp.objects.filter(pk=sign_up_id, attempts__lt=MOST_ATTEMPTS).update(
        attempts=F("attempts") + 1
    )
    sign_up = SignUp.objects.get(pk=sign_up_id)
    if sign_up.verified_at is not None:
        return
    if sign_up.expires_at <= timezone.now():
        raise CodeRefused("expired")
    if not counted:
        raise CodeRefused("exhausted")
    if not constant_time_compare(sign_up.code_hash, _hash(sign_up, code)):
        left = MOST_ATTEMPTS - sign_up.attempts
        raise CodeRefused("wrong" if left else "exhausted", left)
    SignUp.objects.filter(pk=sign_up_id).update(verified_at=timezone.now())


@transaction.atomic
def complete(sign_up_id: uuid.UUID, *, password: str, address: str = "", time_zone: str = "UTC") -> Finished:
    """Make the organisation with its founder. `address` replaces the one that was asked for, when that is gone.

    Sent twice, the second waits for the first and gets the same organisation. Raises AddressRefused and leaves
    nothing behind; then it can be tried again.
    """
    sign_up = SignUp.objects.select_for_update().get(pk=sign_up_id, verified_at__isnull=False)
    if sign_up.completed_at is not None:
        return _finished_before(sign_up, password)
    organisation = claim(sign_up.organisation_name, address or sign_up.address)
    with in_organisation(organisation):
        founder = people.create_person(
            email=sign_up.email,
            name=sign_up.person_name,
            role=Person.Role.OWNER,
            password=password,
            time_zone=time_zone,
        )
        token = handover.make(founder)
    sign_up.address, sign_up.completed_at = organisation.address or "", timezone.now()
    sign_up.save(update_fields=["address", "completed_at"])
    return Finished(organisation, token)


def _finished_before(sign_up: SignUp, password: str) -> Finished:
    organisation = Organisation.objects.get(address=sign_up.address)
    with in_organisation(organisation):
        founder = Person.objects.filter(email=sign_up.email, is_active=True).first()
        known = founder is not None and check_password(password, founder.password)
        return Finished(organisation, handover.make(founder) if founder and known else "")


def _new_code(sign_up: SignUp) -> str:
    code = f"{secrets.randbelow(1_000_000):06}"
    sign_up.code_hash = _hash(sign_up, code)
    sign_up.attempts = 0
    sign_up.expires_at = timezone.now() + CODE_LIVES
    return code


def _hash(sign_up: SignUp, code: str) -> str:
    """Six digits are guessed from a plain hash in no time, so the deployment's secret goes into it."""
    return salted_hmac("parley.sign-up", f"{sign_up.pk}:{code}", algorithm="sha256").hexdigest()


def _mail_code(sign_up: SignUp, code: str) -> None:
    context = {
        "code": code,
        "name": sign_up.person_name,
        "organisation_name": sign_up.organisation_name,
        "minutes": int(CODE_LIVES.total_seconds() // 60),
    }
    mail.send("accounts/mail/sign_up_code", sign_up.email, context)
