"""The page of accounts.organisation_settings, in sections. Each field bears the name of its setting."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WINDOWS = [
    (0, _("for ever")),
    (5, _("for 5 minutes")),
    (15, _("for 15 minutes")),
    (60, _("for an hour")),
    (24 * 60, _("for a day")),
    (7 * 24 * 60, _("for a week")),
]


@dataclass(frozen=True)
class Section:
    """Settings that stand together under a heading."""

    key: str
    heading: str | Promise
    names: tuple[str, ...]


@dataclass(frozen=True)
class DrawnSection:
    key: str
    heading: str | Promise
    fields: list[BoundField]


SECTIONS = (
    Section("messages", _("Messages"), ("edit_window", "delete_window", "link_previews")),
    Section("files", _("Files"), ("file_quota",)),
)


def _window(**kwargs: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(choices=_WINDOWS, coerce=int, **kwargs)


class OrganisationSettingsForm(forms.Form):
    """What it cleans goes to `change_settings` as it is."""

    edit_window = _window(label=_("Authors can edit a message"))
    delete_window = _window(
        label=_("Authors can delete a message"), help_text=_("Administrators can always delete.")
    )

    file_quota = forms.IntegerField(
        label=_("Most space for files, in GB"),
        help_text=_("0 sets no limit of your own."),
        min_value=0,
        max_value=1_000_000,
    )
    link_previews = forms.BooleanField(
        label=_("Show previews of links"),
        required=False,
        help_text=_(
            "Parley then looks at the pages that messages link to; their servers see our address, not yours."
        ),
    )

    def sections(self) -> Iterator[DrawnSection]:
        """The fields as the page shows them."""
        for section in SECTIONS:
            yield DrawnSection(section.key, section.heading, [self[name] for name in section.names])
