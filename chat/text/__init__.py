"""What people write: refused or cleaned, drawn as safe HTML, indexed for search. Pure: no database, no network.

`clean(text)` first; then `names_in(texts)` says whom they may mention, the caller fetches people once for a whole
batch, and `render(text, People(pairs))` draws it. Mentions: `@Full Name` as completion writes it, `@**Full Name|p3**`
among namesakes, and `@alice` where one person's first name or whole name without spaces is that. `@room` is everybody, `@here` who is
around, `@handle` a group of people.
"""

from chat.text.cleaning import MAX_TEXT, TextRefused, clean, without_controls
from chat.text.mentions import People, names_in
from chat.text.rendering import HTML_VERSION, Rendered, links_of, needs_parser, render

__all__ = [
    "HTML_VERSION",
    "MAX_TEXT",
    "People",
    "Rendered",
    "TextRefused",
    "clean",
    "links_of",
    "names_in",
    "needs_parser",
    "render",
    "without_controls",
]
