"""allauth's forms in Parley's words (settings.ACCOUNT_FORMS and MFA_FORMS)."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Person

_ADDRESS = _("E-mail address")
_NEW_PASSWORD = {
    "password1": (_("New password"), _("At least 10 characters. A short sentence is easy to remember.")),
    "password2": (_("The new password again"), ""),
}


def _say(form: forms.Form, **words: tuple[Any, Any]) -> None:
    for name, (label, help_text) in words.items():
        form.fields[name].label = label
        form.fields[name].help_text = help_text


class SignInForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _ADDRESS
        self.fields["login"].widget.attrs["autofocus"] = True


class ForgottenPasswordForm(account_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, email=(_ADDRESS, ""))


class ChosenPasswordForm(account_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, **_NEW_PASSWORD)


class ChangedPasswordForm(account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Your password now")
        _say(self, **_NEW_PASSWORD)


class FirstPasswordForm(account_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, **_NEW_PASSWORD)


class NewAddressForm(account_forms.AddEmailForm):
    """Changing one's address. One that a colleague has is refused here, not after the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, email=(_("New e-mail address"), ""))

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if Person.objects.filter(email=email).exists():
            raise ValidationError(_("Somebody here already has this e-mail address."), code="email_taken")
        return email


class PasskeyForm(AddWebAuthnForm):
    """A key that signs in by itself, unless somebody wants it as a second step only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the passkey")
        self.fields["name"].help_text = _("So that you know it again, for example “My phone”.")
        _say(
            self,
            passwordless=(
                _("Sign in without a password"),
                _("With this key alone. Otherwise it is asked for after the password."),
            ),
        )
        self.fields["passwordless"].initial = True
