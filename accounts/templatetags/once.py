"""`{% once %}…{% endonce %}`: parts of a page that depend on nothing but the language, drawn once in a process.

Most of a room's page is such: icons, labels, dialogs, the list of its scripts. Drawing them anew took 12 of a page's
22 ms. Inside there are no variables at all, not even the request's: what is drawn for one person must not be shown
to the next one, and so whoever uses one there sees nothing of it, always.
"""

from typing import Any, cast

from django import template
from django.template.base import NodeList, Parser, Token
from django.urls import get_script_prefix, get_urlconf
from django.utils.translation import get_language

register = template.Library()


class OnceNode(template.Node):
    """Keeps what it drew with itself, and so as long as its template is loaded: for each language and URLconf."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._drawn: dict[tuple[Any, ...], str] = {}

    def render(self, context: template.Context) -> str:
        place = (get_language(), get_urlconf(), get_script_prefix(), context.autoescape)
        drawn = self._drawn.get(place)
        if drawn is None:
            alone, whole = (
                template.Context(autoescape=context.autoescape),
                cast("template.Template", context.template),
            )
            with alone.bind_template(whole), alone.render_context.push_state(whole):
                drawn = self._drawn[place] = self.nodelist.render(alone)
        return drawn


@register.tag
def once(parser: Parser, token: Token) -> OnceNode:
    """`{% once %}…{% endonce %}`; takes no arguments."""
    if len(token.split_contents()) > 1:
        raise template.TemplateSyntaxError("once takes no arguments: nothing in it may vary.")
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(nodelist)
