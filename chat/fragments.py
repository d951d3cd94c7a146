"""Drawing a message, once, when it changes. Everything that shows it uses the stored text."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from django.db import connection

from chat.directory import acquaintances
from chat.models import Message
from chat.parts import LASTING, parts_of
from chat.text import HTML_VERSION, People, Rendered, names_in, render

TEMPLATE_VERSION = 1
_END = "</article>"
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


def draw(message: Message, rendered: Rendered | None, parts: str = "") -> str:
    """The fragment of `message`, under 1 KB for a plain one; `rendered` is None for a tombstone. No queries.

    `parts` is what it shows below its text (chat.parts), as safe HTML.

    The one drawing of a message. It is stored: nothing in it depends on the reader or the place (DESIGN 1). Written
    out because Django's template took 47 µs of each post, and this takes 3. Nothing has to be escaped: the attributes
    are numbers, a UUID and words of ours, and the prose is sanitised by `chat.text`.
    """
    attributes = [
        f'data-id="m{message.pk}"{_place(message)} data-revision="{message.revision}"',
        f'data-author="p{message.author_id}" data-client="{message.client_id}"',
        f'data-created="{message.created_at.timestamp():.6f}"',
    ]
    if message.edited_at:
        attributes.append(f'data-edited="{message.edited_at.timestamp():.6f}"')
    if message.deleted_at:
        attributes.append("data-deleted")
    if message.pinned_at:
        attributes.append(f'data-pinned="p{message.pinned_by_id or 0}"')
    if message.kind != Message.Kind.POST:
        attributes.append(f'data-kind="{message.kind}"')
    if mentions := _mentions(rendered):
        attributes.append(f'data-mentions="{mentions}"')
    prose = rendered.html if rendered is not None else ""
    return f'<article class="message" {" ".join(attributes)}><div class="prose">{prose}</div>{parts}{_END}'


def with_parts(fragment: str, parts: str) -> str:
    """A fragment with `parts` below those that it has."""
    return f"{fragment.removesuffix(_END)}{parts}{_END}"


def _place(message: Message) -> str:
    """Where it stands: in its room, in a thread, or in both (docs/threads.md)."""
    place = f' data-position="{message.position}"' if message.position is not None else ""
    if message.thread_id is not None:
        place += f' data-thread="m{message.thread_id}" data-reply="{message.thread_position}"'
    return place


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
    draw_again(full.values())
    for row in rows:
        row.html = full[row.pk].html
    Message.objects.bulk_update(full.values(), ["html", "html_version"])


def draw_again(messages: Collection[Message], rendered: Mapping[int, Rendered] | None = None) -> None:
    """Set the fragments of stored messages, with all their parts; the caller saves them. Inside the organisation.

    `rendered` has texts, by message, that were drawn already. A query for each kind of part, and those of
    `render_all`; a tombstone has no text, and only the parts that last.
    """
    rendered = rendered or {}
    living = [message for message in messages if message.deleted_at is None]
    missing = [message for message in living if message.pk not in rendered]
    texts = render_all([message.text for message in missing], [message.author_id for message in missing])
    drawn = {**rendered, **{message.pk: text for message, text in zip(missing, texts, strict=True)}}
    tombstones = [message.pk for message in messages if message.deleted_at is not None]
    parts = parts_of([message.pk for message in living]) | parts_of(tombstones, LASTING)
    for message in messages:
        message.html = draw(message, drawn.get(message.pk), parts.get(message.pk, ""))
        message.html_version = VERSION
