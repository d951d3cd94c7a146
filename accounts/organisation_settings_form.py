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
_LANGUAGES = [
    ("simple", _("another, or several")),
    ("arabic", _("Arabic")),
    ("armenian", _("Armenian")),
    ("basque", _("Basque")),
    ("catalan", _("Catalan")),
    ("danish", _("Danish")),
    ("dutch", _("Dutch")),
    ("english", _("English")),
    ("finnish", _("Finnish")),
    ("french", _("French")),
    ("german", _("German")),
    ("greek", _("Greek")),
    ("hindi", _("Hindi")),
    ("hungarian", _("Hungarian")),
    ("indonesian", _("Indonesian")),
    ("irish", _("Irish")),
    ("italian", _("Italian")),
    ("lithuanian", _("Lithuanian")),
    ("nepali", _("Nepali")),
    ("norwegian", _("Norwegian")),
    ("portuguese", _("Portuguese")),
    ("romanian", _("Romanian")),
    ("russian", _("Russian")),
    ("serbian", _("Serbian")),
    ("spanish", _("Spanish")),
    ("swedish", _("Swedish")),
    ("tamil", _("Tamil")),
    ("turkish", _("Turkish")),
    ("yiddish", _("Yiddish")),
]

# Days; the first means no end.
PERIODS = [
    (0, _("for ever")),
    (7, _("for a week")),
    (30, _("for 30 days")),
    (90, _("for 90 days")),
    (365, _("for a year")),
    (1095, _("for three years")),
    (2555, _("for seven years")),
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
    Section(
        "messages",
        _("Messages"),
        (
            "edit_window",
            "delete_window",
            "edit_history",
            "retention_days",
            "naming_everybody",
            "link_previews",
            "receipts",
            "emoji_by_members",
            "search_language",
        ),
    ),
    Section("people", _("People"), ("change_own_name",)),
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

    naming_everybody = forms.ChoiceField(
        label=_("In rooms of more than 10 people, @room and @here are for"),
        choices=[("everybody", _("everybody")), ("administrators", _("administrators"))],
    )
    edit_history = forms.ChoiceField(
        label=_("Who sees what a message said before it was edited"),
        choices=[
            ("everybody", _("everybody who can read the message")),
            ("administrators", _("its author and administrators")),
            ("nobody", _("nobody: it is not kept")),
        ],
        help_text=_("What was kept before is deleted within a day once nobody sees it."),
    )
    retention_days = forms.TypedChoiceField(
        label=_("Messages are kept"),
        choices=PERIODS,
        coerce=int,
        help_text=_(
            "Older ones are deleted every night, with their files. A room can keep its own for another time."
        ),
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
    change_own_name = forms.BooleanField(
        label=_("People can change their own name"),
        required=False,
        help_text=_("Otherwise only administrators can, on the person's page."),
    )
    receipts = forms.BooleanField(
        label=_("Show who has read a message"),
        required=False,
        help_text=_("People can still decide for themselves not to share what they read."),
    )
    search_language = forms.ChoiceField(
        choices=_LANGUAGES,
        label=_("Most messages are in"),
        help_text=_(
            "Search then finds a word in its other forms too. Words of every language are found as they were written."
        ),
    )

    emoji_by_members = forms.BooleanField(
        label=_("Members can add emoji"),
        required=False,
        help_text=_("Otherwise administrators do. Guests never can."),
    )

    def sections(self) -> Iterator[DrawnSection]:
        """The fields as the page shows them."""
        for section in SECTIONS:
            yield DrawnSection(section.key, section.heading, [self[name] for name in section.names])
