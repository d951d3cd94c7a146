"""Drawing a form's field, with label, help and errors tied together for screen readers; and times in words."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def ago(moment: datetime) -> str:
    """How long ago `moment` was, in words: "just now", "3 hours ago"."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, depth=1)}


@register.inclusion_tag("accounts/form_field.html")
def form_field(field: BoundField, suffix: str = "") -> dict[str, Any]:
    """One field. After a refusal the focus goes to the first field that is wrong."""
    wrong = next((one.name for one in field.form if one.errors), None)
    attrs: dict[str, Any] = {"placeholder": False}  # allauth repeats the label there
    if wrong:
        attrs["autofocus"] = field.name == wrong
    widget = field.field.widget
    if not isinstance(widget, CheckboxInput):
        css = " ".join(filter(None, ("input", str(widget.attrs.get("class", "")))))
        attrs["class"] = css
    return {
        "field": field,
        "control": field.as_widget(attrs=attrs),
        "is_check": isinstance(widget, CheckboxInput),
        "suffix": suffix,
    }
