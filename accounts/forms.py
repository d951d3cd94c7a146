"""The forms of who comes in, and of who somebody is; accounts.managing_forms has those for managing others. Errors are
drawn by templates/accounts/form_field.html, tied to their fields.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.fields import AddressField, NameField, time_zone_choices
from accounts.models import LONGEST_STATUS, LONGEST_VALUE, Notify, Person, ProfileField
from accounts.statuses import Lasting
from tenants.addresses import LONGEST, AddressRefused, check_address

TOKEN = {  # attributes of an input for what is spelled exactly
    "autocapitalize": "none",
    "autocorrect": "off",
    "spellcheck": "false",
}


class PasswordField(forms.CharField):
    """A new password, checked by Django's validators against the person's own name and address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Password"),
            help_text=_("At least 10 characters. A short sentence is easy to remember."),
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            strip=False,
            max_length=1024,
            **kwargs,
        )


def check_password_for(form: forms.Form, *, name: str, email: str) -> None:
    """Add the validators' complaints about the form's `password` to that field."""
    password = form.cleaned_data.get("password")
    if password:
        try:
            validate_password(password, Person(name=name, email=email))
        except ValidationError as error:
            form.add_error("password", error)


class SignUpForm(forms.Form):
    """The first step: who wants a workspace, and where."""

    organisation_name = NameField(
        label=_("Organisation"),
        help_text=_("The name of your team, company, club or family."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    address = forms.CharField(
        label=_("Workspace address"), max_length=LONGEST, widget=forms.TextInput(attrs=TOKEN)
    )
    person_name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = AddressField(
        label=_("Your e-mail address"),
        help_text=_("We send a code there to be sure that it is yours."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_address(self) -> str:
        return _checked(self.cleaned_data["address"])


class CodeForm(forms.Form):
    """The second step: the six digits from the mail."""

    code = forms.RegexField(
        r"\A[0-9]{6}\Z",
        label=_("Code from the mail"),
        error_messages={"invalid": _("The code has six digits.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "maxlength": 12,
                "class": "code-input",
                "autofocus": True,
            }
        ),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        if data is not None:  # pasted with the spaces of the mail, or a dash
            data = {
                **data.dict(),
                "code": "".join(char for char in data.get("code", "") if char not in " -\t"),
            }
        super().__init__(data, **kwargs)


class FinishForm(forms.Form):
    """The last step: a password; and another address where the one that was asked for is gone."""

    password = PasswordField()
    time_zone = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-time-zone": ""})
    )

    def __init__(self, *args: Any, name: str, email: str, ask_address: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._about = {"name": name, "email": email}
        if ask_address or (self.is_bound and "address" in self.data):
            self.fields["address"] = forms.CharField(
                label=_("Workspace address"), max_length=LONGEST, widget=forms.TextInput(attrs=TOKEN)
            )
            self.order_fields(["address", "password"])

    def clean_address(self) -> str:
        return _checked(self.cleaned_data["address"])

    def clean(self) -> None:
        check_password_for(self, **self._about)


class FindForm(forms.Form):
    email = AddressField(
        label=_("Your e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class JoinForm(forms.Form):
    """Accepting an invitation. The address can be typed only where the invitation is a link."""

    name = NameField(
        label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    email = AddressField(
        label=_("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = PasswordField()
    time_zone = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-time-zone": ""})
    )

    def __init__(self, *args: Any, bound_email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bound_email = bound_email
        if bound_email:
            del self.fields["email"]

    def clean(self) -> None:
        email = self.bound_email or self.cleaned_data.get("email", "")
        check_password_for(self, name=self.cleaned_data.get("name", ""), email=email)


class ProfileForm(forms.Form):
    name = NameField(label=_("Name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    title = NameField(
        label=_("What I do here"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)
    notify = forms.ChoiceField(
        label=_("In rooms, tell me of"),
        required=False,
        choices=Notify.choices,
        help_text=_("You can choose something else for each room."),
    )

    def __init__(self, *args: Any, may_rename: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_rename:
            name = self.fields["name"]
            name.disabled = True  # whatever is sent, the name stays
            name.help_text = _("Administrators keep people's names here. Ask one of them to change yours.")


class AboutForm(forms.Form):
    """The organisation's own fields of a profile. `accounts.profile_fields` has the last word."""

    def __init__(self, *args: Any, fields: Sequence[ProfileField], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in fields:
            self.fields[f"field_{field.pk}"] = _profile_field(
                field, self.initial.get(f"field_{field.pk}", "")
            )

    def values(self) -> dict[int, str]:
        """What was said, by field."""
        return {int(name.removeprefix("field_")): value for name, value in self.cleaned_data.items()}


def _profile_field(field: ProfileField, said: str) -> forms.Field:
    common: dict[str, Any] = {"label": field.name, "required": False}
    if field.kind == ProfileField.Kind.CHOICE:
        offered = [*field.choices, *([said] if said and said not in field.choices else [])]
        return forms.ChoiceField(choices=[("", "–"), *((one, one) for one in offered)], **common)
    kinds = {ProfileField.Kind.DATE: "date", ProfileField.Kind.LINK: "url"}
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    widget.input_type = kinds.get(ProfileField.Kind(field.kind), "text")
    return forms.CharField(max_length=LONGEST_VALUE, widget=widget, **common)


class StatusForm(forms.Form):
    """What one is at. `accounts.statuses` has the last word on what an emoji is."""

    emoji = forms.CharField(
        label=_("Emoji"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "status-emoji", "placeholder": "💬"}),
    )
    text = forms.CharField(
        label=_("What are you at?"),
        required=False,
        max_length=LONGEST_STATUS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    lasting = forms.ChoiceField(
        label=_("Until"), required=False, choices=Lasting.choices, initial=Lasting.TODAY
    )


class PictureForm(forms.Form):
    picture = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG, WebP or GIF, up to 5 MB. It is cropped to a square."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )


def _checked(address: str) -> str:
    try:
        return check_address(address)
    except AddressRefused as refused:
        raise ValidationError(refused.message, code=refused.code) from None
