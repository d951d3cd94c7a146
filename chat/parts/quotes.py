"""Where a message links to another one: a place for the page to show that, for who may read it (chat.quotes).

Made from the drawn text alone, because it costs each post: no query, and nothing where no link looks like ours. Which
hosts are the organisation's own the page knows, by the one it was loaded from.
"""

import re
from collections.abc import Iterator

MOST = 3  # of a message

# As chat.text draws a link; in people's words the angle bracket is escaped.
_LINK = re.compile(
    r'<a rel="noopener nofollow ugc" target="_blank" href="https?://(?P<host>[\w.:-]{1,260})/rooms/r[0-9]{1,18}/'
    r'(?:\?(?:message|thread)=m(?P<message>[1-9][0-9]{0,17})|messages/m(?P<other>[1-9][0-9]{0,17})/)(?=["&#])',
    re.ASCII,
)
_SPOILER = '<span class="spoiler">'
_STEP = re.compile(rf"(?P<opened><span\b[^>]*>)|(?P<closed></span>)|{_LINK.pattern}", re.ASCII)


def placeholders(prose: str) -> str:
    """A placeholder for each message that `prose` (safe HTML) links to, three at most."""
    if "/rooms/r" not in prose:
        return ""
    found = {(link["host"], link["message"] or link["other"]): None for link in _links(prose)}
    return "".join(
        f'<div class="quote" data-quote="m{message}" data-host="{host.lower()}"></div>'
        for host, message in list(found)[:MOST]
    )


def _links(prose: str) -> Iterator[re.Match[str]]:
    """The links to messages that no spoiler covers."""
    if _SPOILER not in prose:
        yield from _LINK.finditer(prose)
        return
    covered = 0  # spans that are open, from a spoiler on
    for step in _STEP.finditer(prose):
        if step["opened"]:
            covered += bool(covered) or step["opened"] == _SPOILER
        elif step["closed"]:
            covered -= bool(covered)
        elif not covered:
            yield step
