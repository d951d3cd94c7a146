"""How an organisation is called and which accent its pages have. Inside the organisation."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.people import NotAllowed
from tenants.db import current_organisation
from tenants.registry import describe

LONGEST_NAME = 80
# Hues; lightness and chroma are the design's (tokens.css), so text stays readable with each of them.
ACCENTS = (
    ("", gettext_lazy("Lagoon")),
    ("255", gettext_lazy("Ink")),
    ("295", gettext_lazy("Violet")),
    ("350", gettext_lazy("Rose")),
    ("30", gettext_lazy("Brick")),
    ("70", gettext_lazy("Amber")),
    ("130", gettext_lazy("Moss")),
    ("165", gettext_lazy("Pine")),
)


class LookForm(forms.Form):
    """What administrators choose; sent to `change_look`."""

    name = forms.CharField(label=gettext_lazy("Name of the workspace"), max_length=LONGEST_NAME)
    accent = forms.ChoiceField(
        label=gettext_lazy("Accent"), choices=ACCENTS, required=False, widget=forms.RadioSelect
    )


def change_look(actor: Person, name: str, accent: str) -> None:
    """Rename the organisation and choose its accent, one of `ACCENTS`. Raises NotAllowed, ValueError.

    Outside a transaction. The address stays: passkeys are bound to it.
    """
    if not actor.is_administrator:
        raise NotAllowed(_("Only administrators can do this."))
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or accent not in dict(ACCENTS):
        raise ValueError("A workspace has a name of 1 to 80 characters and one of our accents.")
    describe(current_organisation(), name=name, accent=accent)
