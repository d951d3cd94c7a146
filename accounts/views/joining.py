"""Coming in: by an invitation, or over from the public site's sign-up."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.account.utils import perform_login
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import handover, invitations
from accounts.forms import JoinForm
from accounts.invitations import InvitationRefused
from accounts.limits import limited
from accounts.models import Invitation, Person
from accounts.people import EmailTaken, is_here

_STATUS = {"unknown": 404, "expired": 410, "revoked": 410, "used": 410}


@sensitive_post_parameters("password")
@limited("join", 30, 600)
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: Any, token: str) -> HttpResponseBase:
    """Name and password, and one is in. What lets nobody in says why and changes nothing."""
    try:
        invitation = invitations.look_up(token)
        if request.user.is_authenticated:
            return render(request, "accounts/already_in.html", {"invitation": invitation})
        bound_email = invitation.email
        form = JoinForm(request.POST or None, bound_email=bound_email)
        if request.method == "POST" and form.is_valid():
            try:
                person = _join(token, bound_email, form)
            except EmailTaken:
                return _known_already(request, invitation, form)
            return _enter(request, person)
    except InvitationRefused as refused:
        why = {"reason": refused.code}
        return render(request, "accounts/invitation_refused.html", why, status=_STATUS[refused.code])
    if bound_email and is_here(bound_email):
        return _known_already(request, invitation, form)
    context = {"form": form, "invitation": invitation}
    return render(request, "accounts/join.html", context, status=422 if form.errors else 200)


def _join(token: str, bound_email: str, form: JoinForm) -> Person:
    given = form.cleaned_data
    return invitations.accept(
        token,
        name=given["name"],
        email=bound_email or given["email"],
        password=given["password"],
        time_zone=given["time_zone"] or "UTC",
    )


def _known_already(request: Any, invitation: Invitation, form: JoinForm) -> HttpResponseBase:
    return render(
        request, "accounts/join.html", {"invitation": invitation, "known": True, "form": form}, status=409
    )


@require_GET
def hand_over(request: Any, token: str) -> HttpResponseBase:
    """A founder arrives, once, within a minute of finishing the sign-up."""
    person = handover.redeem(token)
    if person is None:
        if request.user.is_authenticated:
            return redirect("/")
        return render(request, "accounts/hand_over_late.html", status=410)
    return _enter(request, person)


def _enter(request: Any, person: Person) -> HttpResponseBase:
    """Sign in somebody who has just chosen their password, and ask for their address to be confirmed if it isn't."""
    address = EmailAddress.objects.filter(user=person, primary=True).first()
    if address is not None and not address.verified:
        address.send_confirmation(request, signup=True)
    response: HttpResponseBase = perform_login(request, person, email_verification="none", redirect_url="/")
    # The password is a moment old: adding a passkey now need not ask for it again.
    record_authentication(request, person, method="password", email=person.email, reauthenticated=True)
    return response
