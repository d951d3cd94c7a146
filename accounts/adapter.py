"""How allauth behaves here: nobody signs up by themselves, links lead to this host only, secrets are encrypted."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import encryption, limits, mail
from accounts.models import Person
from tenants import hosts
from tenants.db import current_organisation
from tenants.models import absolute_url


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in, password and e-mail address."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This e-mail address and password don't fit together. Try again."),
        "unknown_email": _("Nobody here has this e-mail address."),
        "email_taken": _("Somebody here already has this e-mail address."),
        "incorrect_password": _("That is not your password. Try again."),
        "incorrect_code": _("That code is not right. Take the newest one and try again."),
        "invalid_password_reset": _("This link has been used, or it is too old. Ask for a new one."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come in by invitation (accounts.invitations)."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only to this very host: a sibling organisation is somebody else."""
        request = self.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def get_client_ip(self, request: HttpRequest) -> str:
        """The browser's address, for limits and the list of sessions; "::" where a socket file or a test has none."""
        try:
            return get_client_ip(request) or limits.UNKNOWN_ADDRESS
        except ImproperlyConfigured:  # fewer proxies than we trust: the request came past them, so trust none
            return request.META.get("REMOTE_ADDR") or limits.UNKNOWN_ADDRESS

    # Links in mails are built from the registry's idea of this host, not from what the request said.

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return _here(self.request, path.replace("UID-KEY", key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _here(request, reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        about = {
            "request": self.request,
            "email": email,
            "sign_in_url": _here(self.request, reverse("sign_in")),
        }
        mail.send(template_prefix, email, {**about, **context})

    def send_password_reset_mail(self, user: Person, email: str, context: dict[str, Any]) -> None:
        """Only to the person's own address: not to one that waits for its confirmation and may be a stranger's.

        Nor to people who were shut out, for whom the link would lead nowhere.
        """
        if user.is_active and email.lower() == user.email:
            super().send_password_reset_mail(user, email, context)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Too many failed attempts are answered by 429, like every other limit."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise ImmediateHttpResponse(limits.too_many(request, 60)) from None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Counted for the person in the organisation, whichever of its hosts is used (accounts.cache)."""
        return str(credentials.get("email", "")).lower()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Authenticator apps, passkeys and recovery codes."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return f"Parley, {current_organisation().name}"

    def generate_authenticator_name(self, user: Person, type: Any) -> str:
        count = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the request's host: an organisation's own, never the base domain."""
        return {**super().get_public_key_credential_rp_entity(), "name": current_organisation().name}


def _here(request: HttpRequest, path: str) -> str:
    return absolute_url(hosts.normalise(request.META["HTTP_HOST"]), path)
