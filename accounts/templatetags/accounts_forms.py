"""Drawing a form's field: label, control, help and errors, tied together for screen readers."""

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput

register = template.Library()


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
