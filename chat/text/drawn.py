"""What a message's fragment shows: whom it names, and which of the organisation's emoji.

Drawn anew, a text that has not changed names the same people and shows the same pictures, whatever is called so by then.
"""

import html
import re

from chat.text.emoji import Own

_PASSED_ON = '<blockquote class="forward"'  # which has words of its own
# As chat.text.sanitising leaves them.
_NAMED = re.compile(
    r'<a class="mention" data-(?P<kind>person|group)="[pg](?P<id>[1-9][0-9]{0,18})">@(?P<name>[^<]*)</a>'
)
_SHOWN = re.compile(
    r'<img class="emoji" loading="lazy" src="/emoji/e([1-9][0-9]{0,17})/([0-9a-f]{16})\.webp" alt=":([a-z0-9_+-]{1,40}):">'
)


def named_in(fragment: str) -> tuple[dict[int, str], dict[int, str]]:
    """The people and the groups whom the words of a fragment name, with the names that they had when it was drawn."""
    if 'class="mention"' not in fragment:
        return {}, {}
    found = [
        (one["kind"], int(one["id"]), html.unescape(one["name"]))
        for one in _NAMED.finditer(_own_words(fragment))
    ]
    people = {one: name for kind, one, name in found if kind == "person"}
    return people, {one: name for kind, one, name in found if kind == "group"}


def shown_in(fragment: str) -> dict[str, Own]:
    """The organisation's emoji in the words of a fragment, by the names that they had when it was drawn."""
    if "/emoji/e" not in fragment:
        return {}
    found = _SHOWN.findall(_own_words(fragment))
    return {name: Own(int(emoji_id), version) for emoji_id, version, name in found}


def _own_words(fragment: str) -> str:
    return fragment.partition(_PASSED_ON)[0]
