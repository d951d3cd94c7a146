"""Drawing a message, once, when it changes. Everything that shows it uses the stored text."""

from collections.abc import Collection, Sequence
from typing import Protocol

from django.db import connection

from chat.directory import acquaintances
from chat.models import Message
from chat.text import HTML_VERSION, People, Rendered, names_in, render

TEMPLATE_VERSION = 1
VERSION = 100 * TEMPLATE_VERSION + HTML_VERSION  # of a stored fragment; rows of an older one are drawn anew


def render_all(texts: Sequence[str], author_ids: Sequence[int]) -> list[Rendered]:
    """Markdown to HTML for each text of its author, who names only people they may know of.

    Inside the organisation. One query for the people who are called so, none where no text has a name; three for
    each guest.
    """
    wanted = names_in(text for text in texts if "@" in text)
    if not wanted:
        return [render(text, People(())) for text in texts]
    rows = _called(wanted, set(author_ids))
    everybody = People((person_id, name) for person_id, name, _ in rows)
    people = dict.fromkeys(author_ids, everybody)
    for author_id in {person_id for person_id, _, role in rows if role == "guest"} & people.keys():
        known = acquaintances(author_id) or set()
        people[author_id] = People((person_id, name) for person_id, name, _ in rows if person_id in known)
    return [render(text, people[author_id]) for text, author_id in zip(texts, author_ids, strict=True)]


_CALLED = """
select id, name, role from accounts_person
where is_active and (id = any(%s) or lower(replace(name, ' ', '')) = any(%s)
                     or lower(split_part(name, ' ', 1)) = any(%s) or octet_length(name) > char_length(name))
"""


def _called(names: set[str], person_ids: set[int]) -> list[tuple[int, str, str]]:
    """(id, name, role) of the active people who may be called one of `names` (folded), and of `person_ids`.

    Of names with letters beyond ASCII all come: Postgres folds those in its own way, and its locale may not at all.
    """
    with connection.cursor() as cursor:
        wanted = list(names)
        cursor.execute(_CALLED, [list(person_ids), wanted, wanted])
        return cursor.fetchall()  # type: ignore[no-any-return]


def draw(message: Message, rendered: Rendered | None) -> str:
    """The fragment of `message`, under 1 KB for a plain one; `rendered` is None for a tombstone. No queries.

    The one drawing of a message. It is stored: nothing in it depends on the reader or the place (DESIGN 1). Written
    out because Django's template took 47 µs of each post, and this takes 3. Nothing has to be escaped: the attributes
    are numbers, a UUID and words of ours, and the prose is sanitised by `chat.text`.
    """
    attributes = [
        f'data-id="m{message.pk}" data-position="{message.position}" data-revision="{message.revision}"',
        f'data-author="p{message.author_id}" data-client="{message.client_id}"',
        f'data-created="{message.created_at.timestamp():.6f}"',
    ]
    if message.edited_at:
        attributes.append(f'data-edited="{message.edited_at.timestamp():.6f}"')
    if message.deleted_at:
        attributes.append("data-deleted")
    if message.kind != Message.Kind.POST:
        attributes.append(f'data-kind="{message.kind}"')
    if mentions := _mentions(rendered):
        attributes.append(f'data-mentions="{mentions}"')
    prose = rendered.html if rendered is not None else ""
    return f'<article class="message" {" ".join(attributes)}><div class="prose">{prose}</div></article>'


def _mentions(rendered: Rendered | None) -> str:
    if rendered is None:
        return ""
    names = [f"p{person_id}" for person_id in sorted(rendered.person_ids)]
    return " ".join([*names, "room"] if rendered.mentions_room else names)


class Stored(Protocol):
    """A message, or what was read of one, with its fragment."""

    pk: int
    html: str


def bring_up_to_date(rows: Collection[Stored]) -> None:
    """Draw anew the rows whose fragment is of an older template, and store it. No queries when there are none."""
    if not rows:
        return
    full = Message.objects.in_bulk([row.pk for row in rows])
    messages = full.values()
    drawn = render_all([message.text for message in messages], [message.author_id for message in messages])
    rendered = dict(zip(full, drawn, strict=True))
    for row in rows:
        message = full[row.pk]
        message.html = row.html = draw(message, None if message.deleted_at else rendered[row.pk])
        message.html_version = VERSION
    Message.objects.bulk_update(full.values(), ["html", "html_version"])
