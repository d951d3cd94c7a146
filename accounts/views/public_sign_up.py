"""Signing an organisation up on the public site, in three steps.

Which sign-up a browser is in the middle of is in a signed cookie of its own: `public` has no sessions.
"""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csp import csp_override
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import signup
from accounts.forms import CodeForm, FinishForm, SignUpForm
from accounts.limits import limited, too_many, wait_for
from accounts.signup import CodeRefused
from tenants.addresses import AddressRefused, check_address
from tenants.models import SignUp, absolute_url

HOUR = 3600
COOKIE = "__Host-parley-sign-up" if settings.HTTPS else "parley-sign-up"
_SALT = "parley.sign-up"
# The last form is answered with a redirect to the new host, and browsers hold redirects against `form-action` too.
_LEAVING: dict[str, Any] = {
    **settings.SECURE_CSP,
    "form-action": [CSP.SELF, absolute_url(f"*.{settings.BASE_DOMAIN}")],
}


@limited("sign-up", 20, HOUR)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: Any) -> HttpResponseBase:
    """The first step: the organisation, its address and who founds it."""
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := wait_for(request, "sign-up-mail", 5, HOUR, by=form.cleaned_data["email"]):
            return too_many(request, wait)
        try:
            started = signup.start(**form.cleaned_data)
        except AddressRefused as refused:
            form.add_error("address", refused.message)
        else:
            return _remember(redirect("sign_up_code"), started)
    return render(request, "public/sign_up.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def sign_up_address(request: Any) -> HttpResponseBase:
    """Whether an address can be had, asked while it is being typed; a part of the page."""
    if wait := wait_for(request, "sign-up-address", 120, 60):
        return too_many(request, wait)
    wanted = request.GET.get("address", "")[:200].replace("\x00", "")
    context: dict[str, Any] = {"wanted": wanted}
    if wanted.strip():
        try:
            context["address"] = check_address(wanted)
        except AddressRefused as refused:
            context["refusal"] = refused.message
    return render(request, "public/sign_up.html#address", context)


@limited("sign-up-code", 40, 600)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up_code(request: Any) -> HttpResponseBase:
    """The second step: the code from the mail; POST with `resend` mails another."""
    under_way = _under_way(request)
    if under_way is None:
        return redirect("sign_up")
    if under_way.verified_at is not None:
        return redirect("sign_up_finish")
    if request.method == "POST" and "resend" in request.POST:
        return _resend(request, under_way)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            signup.verify_code(under_way.pk, form.cleaned_data["code"])
        except CodeRefused as refused:
            form.add_error("code", _why(refused))
        else:
            return redirect("sign_up_finish")
    return _code_page(request, under_way, form)


def _resend(request: Any, under_way: SignUp) -> HttpResponseBase:
    if wait := wait_for(request, "sign-up-mail", 5, HOUR, by=under_way.email):
        return too_many(request, wait)
    signup.resend(under_way)
    return _code_page(request, under_way, CodeForm(), resent=True)


def _code_page(request: Any, under_way: SignUp, form: CodeForm, *, resent: bool = False) -> HttpResponseBase:
    context = {"form": form, "sign_up": under_way, "resent": resent}
    return render(request, "public/sign_up_code.html", context, status=422 if form.errors else 200)


def _why(refused: CodeRefused) -> str:
    if refused.code == "expired":
        return _("This code is older than ten minutes. Ask for a new one below.")
    if refused.code == "exhausted":
        return _("That were too many attempts for this code. Ask for a new one below.")
    return ngettext(
        "That is not the code from the newest mail. You have %(left)d attempt left.",
        "That is not the code from the newest mail. You have %(left)d attempts left.",
        refused.left,
    ) % {"left": refused.left}


@csp_override(_LEAVING)
@sensitive_post_parameters("password")
@limited("sign-up-finish", 20, HOUR)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up_finish(request: Any) -> HttpResponseBase:
    """The last step: a password. Then the organisation exists and its founder is sent there, signed in."""
    under_way = _under_way(request)
    if under_way is None:
        return redirect("sign_up")
    if under_way.verified_at is None:
        return redirect("sign_up_code")
    about: dict[str, Any] = {"name": under_way.person_name, "email": under_way.email}
    form = FinishForm(request.POST or None, **about)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            finished = signup.complete(
                under_way.pk,
                password=given["password"],
                address=given.get("address", ""),
                time_zone=given["time_zone"] or "UTC",
            )
        except AddressRefused as refused:
            # Somebody was faster. Ask for another address; everything else is kept.
            form = FinishForm(request.POST, ask_address=True, **about)
            form.is_valid()
            form.add_error("address", refused.message)
        else:
            path = f"/hand-over/{finished.token}/" if finished.token else "/"
            return redirect(finished.organisation.url(path))
    context = {"form": form, "sign_up": under_way}
    return render(request, "public/sign_up_finish.html", context, status=422 if form.errors else 200)


def _remember(response: HttpResponseBase, started: SignUp) -> HttpResponseBase:
    response.set_cookie(  # type: ignore[attr-defined]
        COOKIE,
        signing.dumps(str(started.pk), salt=_SALT),
        max_age=int(signup.TIME_TO_FINISH.total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def _under_way(request: Any) -> SignUp | None:
    try:
        number = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=signup.TIME_TO_FINISH)
    except signing.BadSignature:
        return None
    return signup.under_way(number)
