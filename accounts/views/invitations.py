"""Inviting people, for administrators."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations
from accounts.access import administrator_required
from accounts.limits import too_many
from accounts.managing_forms import InviteForm, LinkForm
from accounts.models import Invitation
from accounts.people import EmailTaken, NotAllowed, may_grant
from tenants import ratelimits
from tenants.keys import key

ON_A_PAGE = 25
MAILS_A_DAY = 500


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_list(request: Any) -> HttpResponseBase:
    """The open invitations; POST invites by e-mail."""
    form = InviteForm(request.POST or None, inviter=request.user)
    if request.method == "POST" and form.is_valid():
        emails = form.cleaned_data["emails"]
        if wait := _count_mails(request, len(emails)):
            return too_many(request, wait)
        if not (taken := _invite_all(request, emails, form.cleaned_data["role"])):
            return redirect("invitations")
        form.add_error("emails", " ".join(taken))
    return _page(request, form, LinkForm(inviter=request.user))


def _invite_all(request: Any, emails: list[str], role: str) -> list[str]:
    """Invite each; returns what is wrong with those who could not be invited."""
    refused = []
    for email in emails:
        try:
            invitations.invite(request.user, email, role)
        except (EmailTaken, NotAllowed) as error:
            refused.append(str(error))
    invited = len(emails) - len(refused)
    if invited:
        text = ngettext(
            "%(count)d invitation is on its way.", "%(count)d invitations are on their way.", invited
        )
        messages.success(request, text % {"count": invited})
    return refused


@administrator_required
@require_POST
def invitation_links(request: Any) -> HttpResponseBase:
    """Make a link. It is shown on this one answer and never again."""
    form = LinkForm(request.POST, inviter=request.user)
    made = None
    if form.is_valid():
        try:
            made = invitations.make_link(
                request.user,
                form.cleaned_data["role"],
                lives=form.cleaned_data["days"],
                most_uses=form.cleaned_data["most_uses"],
            )
        except NotAllowed as refused:
            form.add_error(None, str(refused))
    fresh = LinkForm(inviter=request.user) if made else form
    return _page(request, InviteForm(inviter=request.user), fresh, made)


@administrator_required
@require_http_methods(["POST", "DELETE"])
def invitation(request: Any, invitation_id: int) -> HttpResponseBase:
    """DELETE, or POST with `revoke`, ends it; POST makes a new token (mailed again, or shown)."""
    try:
        if request.method == "DELETE" or "revoke" in request.POST:
            invitations.revoke(request.user, invitation_id)
            messages.success(request, _("The invitation no longer works."))
            return redirect("invitations")
        if wait := _count_mails(request, 1):
            return too_many(request, wait)
        made = invitations.renew(request.user, invitation_id)
    except Invitation.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refused:
        messages.error(request, str(refused))
        return redirect("invitations")
    if made.invitation.kind == Invitation.Kind.EMAIL:
        messages.success(
            request, _("A new invitation is on its way to %(email)s.") % {"email": made.invitation.email}
        )
        return redirect("invitations")
    return _page(request, InviteForm(inviter=request.user), LinkForm(inviter=request.user), made)


def _page(
    request: Any, form: InviteForm, link_form: LinkForm, made: invitations.MadeLink | None = None
) -> HttpResponseBase:
    found = invitations.open_invitations().select_related("invited_by").order_by("-created_at", "-pk")
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    for entry in page:
        entry.may_change = may_grant(request.user, entry.role)  # type: ignore[attr-defined]
    context = {"form": form, "link_form": link_form, "page": page, "made": made}
    status = 422 if form.errors or link_form.errors else 200
    return render(request, "accounts/invitations.html", context, status=status)


def _count_mails(request: Any, count: int) -> float:
    """An organisation mails so many invitations a day: nobody sends spam through Parley."""
    name = key(request.organisation, "invitation-mails")
    return max(ratelimits.hit(name, MAILS_A_DAY, 24 * 60 * 60) for _ in range(count))
