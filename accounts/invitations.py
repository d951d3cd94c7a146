"""Inviting people, by e-mail or by a link. All of it runs inside an organisation.

An invitation is bound to its organisation by living in its schema, to a role, an expiry and a number of uses; one by
e-mail also to its address. The token is mailed or shown once and kept as a hash. Uses are counted under the row's
lock, so a link for five lets five in, however many come at once.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail, people
from accounts.models import Invitation, Person
from accounts.people import NotAllowed
from accounts.tokens import hash_token, new_token
from tenants.db import current_organisation

EMAIL_LIVES = timedelta(days=7)
LINK_LIVES = timedelta(days=30)
LONGEST_LINK_DAYS = 90
MOST_USES = 1000


class InvitationRefused(Exception):
    """An invitation that lets nobody in: `code` is unknown, expired, revoked or used."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link. `url` is shown once: nobody can read it back from the database."""

    invitation: Invitation
    url: str


@transaction.atomic
def invite(inviter: Person, email: str, role: str) -> Invitation:
    """Invite somebody by e-mail for seven days; an open invitation of that address is replaced.

    Raises NotAllowed, and people.EmailTaken where that person is here already, active or not. Somebody of an import who
    never was here becomes who they were there.
    """
    _check_right(inviter, role)
    email = email.strip().lower()
    if people.is_here(email):
        raise people.EmailTaken(
            _("%(email)s already belongs to somebody here. You find them in the list of people.")
            % {"email": email}
        )
    open_invitations().filter(email=email).update(revoked_at=timezone.now())
    token = new_token()
    invitation = Invitation.objects.create(
        kind=Invitation.Kind.EMAIL,
        email=email,
        role=role,
        token_hash=hash_token(token),
        invited_by=inviter,
        expires_at=timezone.now() + EMAIL_LIVES,
        most_uses=1,
    )
    _mail(inviter, invitation, token)
    return invitation


@transaction.atomic
def make_link(
    inviter: Person, role: str, *, lives: timedelta = LINK_LIVES, most_uses: int | None = None
) -> MadeLink:
    """Make a link that lets `most_uses` people in (None: any number) until it expires.

    A link makes nobody an owner. Raises NotAllowed.
    """
    _check_right(inviter, role)
    if role == Person.Role.OWNER:
        raise NotAllowed(_("A link can't make somebody an owner. Invite them, then change their role."))
    token = new_token()
    invitation = Invitation.objects.create(
        kind=Invitation.Kind.LINK,
        role=role,
        token_hash=hash_token(token),
        invited_by=inviter,
        expires_at=timezone.now() + lives,
        most_uses=most_uses,
    )
    return MadeLink(invitation, _url(token))


@transaction.atomic
def renew(inviter: Person, invitation_id: int) -> MadeLink:
    """A new token and a new week for an e-mail invitation (mailed again), or a new address for a link.

    The old token stops working. Raises NotAllowed, Invitation.DoesNotExist.
    """
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id, revoked_at__isnull=True)
    _check_right(inviter, invitation.role)
    token = new_token()
    lives = EMAIL_LIVES if invitation.kind == Invitation.Kind.EMAIL else LINK_LIVES
    invitation.token_hash = hash_token(token)
    invitation.expires_at = timezone.now() + lives
    invitation.invited_by = inviter
    invitation.save(update_fields=["token_hash", "expires_at", "invited_by"])
    if invitation.kind == Invitation.Kind.EMAIL:
        _mail(inviter, invitation, token)
    return MadeLink(invitation, _url(token))


@transaction.atomic
def revoke(person: Person, invitation_id: int) -> None:
    """End an invitation. Raises NotAllowed, Invitation.DoesNotExist."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id)
    _check_right(person, invitation.role)
    if invitation.revoked_at is None:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])


def open_invitations() -> QuerySet[Invitation]:
    """Those that still let somebody in, or would after being renewed: neither revoked nor used up."""
    left = Q(most_uses__isnull=True) | Q(uses__lt=F("most_uses"))
    return Invitation.objects.filter(left, revoked_at__isnull=True)


def look_up(token: str) -> Invitation:
    """The invitation that `token` opens now. Raises InvitationRefused. One query."""
    return _usable(
        Invitation.objects.filter(token_hash=hash_token(token)).select_related("invited_by").first()
    )


@transaction.atomic
def accept(token: str, *, name: str, email: str, password: str, time_zone: str = "UTC") -> Person:
    """Join with an invitation: makes the person and counts the use, or does neither.

    The address of an e-mail invitation counts, not `email`, and is proved by having got the mail; one that somebody
    gives on the page of a link is not. Raises InvitationRefused, people.EmailTaken.
    """
    locked = Invitation.objects.select_for_update().filter(token_hash=hash_token(token)).first()
    invitation = _usable(locked)
    by_email = invitation.kind == Invitation.Kind.EMAIL
    waiting = people.placeholders().select_for_update().filter(email=invitation.email).first()
    if by_email and waiting is not None:
        person = people.claim_placeholder(
            waiting, name=name, role=invitation.role, password=password, time_zone=time_zone
        )
    else:
        person = people.create_person(
            email=invitation.email if by_email else email,
            name=name,
            role=invitation.role,
            password=password,
            email_verified=by_email,
            time_zone=time_zone,
        )
    Invitation.objects.filter(pk=invitation.pk).update(uses=F("uses") + 1)
    return person


def _usable(invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise InvitationRefused("unknown")
    if invitation.revoked_at is not None:
        raise InvitationRefused("revoked")
    if invitation.uses_left == 0:
        raise InvitationRefused("used")
    if invitation.expires_at <= timezone.now():
        raise InvitationRefused("expired")
    return invitation


def _check_right(inviter: Person, role: str) -> None:
    if not inviter.is_active or not people.may_grant(inviter, role):
        raise NotAllowed(_("Administrators invite people, and only to roles up to their own."))


def _mail(inviter: Person, invitation: Invitation, token: str) -> None:
    context = {"inviter": inviter.name, "url": _url(token), "days": EMAIL_LIVES.days}
    mail.send("accounts/mail/invitation", invitation.email, context)


def _url(token: str) -> str:
    return current_organisation().url(f"/join/{token}/")
