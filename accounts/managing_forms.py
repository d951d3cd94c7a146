"""The forms with which administrators and groups manage others."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import invitations, people
from accounts.fields import AddressField, NameField
from accounts.forms import TOKEN
from accounts.models import LONGEST_HANDLE, LONGEST_STATUS, Person


class GroupForm(forms.Form):
    handle = forms.CharField(
        label=_("Handle"),
        max_length=LONGEST_HANDLE + 1,  # an @ in front is taken away
        help_text=_("What people type after the @, such as design or on-call."),
        widget=forms.TextInput(attrs={**TOKEN, "autocomplete": "off", "dir": "auto"}),
    )
    about = forms.CharField(
        label=_("What it is for"),
        required=False,
        max_length=LONGEST_STATUS,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )


class PersonNameForm(forms.Form):
    name = NameField(label=_("Name"))


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Person.Role.choices)


class _GrantForm(forms.Form):
    """A form with the roles that `inviter` may give."""

    def __init__(self, *args: Any, inviter: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer_roles([role for role in Person.Role if people.may_grant(inviter, role)])

    def _offer_roles(self, roles: list[Person.Role]) -> None:
        choices = [(role.value, role.label.capitalize()) for role in reversed(roles)]
        self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=choices, initial=Person.Role.MEMBER)


class InviteForm(_GrantForm):
    """Several addresses at once, separated by anything that people put between them."""

    most_addresses = 50

    emails = forms.CharField(
        label=_("E-mail addresses"),
        help_text=_("One or several, separated by commas or new lines."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", **TOKEN}),
        max_length=20_000,
    )
    role = forms.ChoiceField(label=_("Role"))  # what it offers depends on who invites

    def clean_emails(self) -> list[str]:
        text = self.cleaned_data["emails"]
        words = [word for word in text.replace(",", " ").replace(";", " ").split() if word]
        field, found = AddressField(), dict[str, None]()
        for word in words:
            try:
                found[field.clean(word.strip("<>"))] = None
            except ValidationError:
                raise ValidationError(
                    _("“%(word)s” does not look like an e-mail address."), params={"word": word[:80]}
                ) from None
        if not found:
            raise ValidationError(_("Type at least one e-mail address."))
        if len(found) > self.most_addresses:
            raise ValidationError(
                _("Invite at most %(most)d people at once."), params={"most": self.most_addresses}
            )
        return list(found)


class LinkForm(_GrantForm):
    role = forms.ChoiceField(label=_("Role"))  # what it offers depends on who invites
    days = forms.IntegerField(
        label=_("Days until it expires"),
        min_value=1,
        max_value=invitations.LONGEST_LINK_DAYS,
        initial=invitations.LINK_LIVES.days,
    )
    most_uses = forms.IntegerField(
        label=_("Number of people"),
        help_text=_("How many may join with it. Empty: any number."),
        min_value=1,
        max_value=invitations.MOST_USES,
        required=False,
    )

    def _offer_roles(self, roles: list[Person.Role]) -> None:
        super()._offer_roles([role for role in roles if role != Person.Role.OWNER])

    def clean_days(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])
