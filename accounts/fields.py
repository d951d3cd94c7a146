"""Form fields for what people type: names without control characters, time zones."""

import unicodedata
import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import LONGEST_NAME

_UNREADABLE = "\ufffd"  # what Django puts where bytes are no UTF-8
# Letters of another direction are welcome; marks that turn the rest of a line around are not.
_TURNING = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


class NameField(forms.CharField):
    """A name of a person or an organisation, on one line."""

    default_error_messages = {"unreadable": _("This has characters that can't be read. Type it again.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_NAME)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        if any(char == _UNREADABLE or char in _TURNING or _is_control(char) for char in text):
            raise ValidationError(self.error_messages["unreadable"], code="unreadable")
        return " ".join(unicodedata.normalize("NFC", text).split())

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not any(char.isalnum() for char in value):
            raise ValidationError(_("A name needs at least one letter or digit."), code="unreadable")


class AddressField(forms.EmailField):
    """An e-mail address, in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault("error_messages", {"invalid": _("This does not look like an e-mail address.")})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").lower()


def time_zone_choices() -> list[tuple[str, str]]:
    """The zones that people know, as "Europe/Berlin", with UTC first."""
    names = sorted(name for name in zoneinfo.available_timezones() if _is_place(name))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


def _is_place(name: str) -> bool:
    area, _, place = name.partition("/")
    return bool(place) and area not in ("Etc", "SystemV", "US", "posix", "right")


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc" and char not in "\t\n\r"
