"""What a template needs to draw a message."""

from typing import Any

from django import template
from django.utils.safestring import mark_safe

from chat.text import People, render
from chat.text.highlighting import highlight

register = template.Library()
_NOBODY = People(())  # the benchmark's messages mention nobody


@register.filter
def prose(text: str) -> str:
    """Markdown as HTML."""
    return mark_safe(render(text, _NOBODY).html)  # noqa: S308 - sanitised by chat.text


@register.filter
def marked(html: str, terms: Any) -> str:
    """HTML with what was searched for marked."""
    return mark_safe(highlight(html, terms))  # noqa: S308 - of sanitised HTML
