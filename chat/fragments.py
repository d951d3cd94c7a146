"""Drawing a message, once, when it changes. Everything that shows it uses the stored text."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from django.db import connection

from accounts.groups import groups_of
from accounts.models import PeopleGroup
from chat.custom_emoji import own_in
from chat.directory import acquaintances
from chat.models import Message
from chat.parts import LASTING, parts_of
from chat.parts.quotes import placeholders
from chat.text import HTML_VERSION, People, Rendered, names_in, render
from chat.text.drawn import named_in, shown_in
from chat.text.mentions import HERE, ROOM
from tenants.ids import encode

TEMPLATE_VERSION = 2
_END = "</article>"
_MENTIONS = re.compile(r' data-mentions="([^"]*)"')
VERSION = 100 * TEMPLATE_VERSION + HTML_VERSION  # of a stored fragment; rows of an older one are drawn anew


def render_all(
    texts: Sequence[str], author_ids: Sequence[int], before: Sequence[str] | None = None
) -> list[Rendered]:
    """Markdown to HTML for each text of its author, who names only people they may know of.

    `before` are the fragments that the texts have so far: an emoji of the organisation's that one shows stays, whatever
    its name means by now. Inside the organisation. Queries as `people_for`, and one where a text has a `:name:` that Unicode does not know.
    """
    people, own = people_for(texts, author_ids), own_in(texts)
    shown = [own | shown_in(fragment) for fragment in before] if before else [own] * len(texts)
    return [
        render(text, people[author_id], emojis)
        for text, author_id, emojis in zip(texts, author_ids, shown, strict=True)
    ]


def people_for(texts: Sequence[str], author_ids: Sequence[int]) -> dict[int, People]:
    """Whom each author can mean with the names in `texts`.

    One query for the people who are called so, none where no text has a name; three for each guest.
    """
    wanted = names_in(text for text in texts if "@" in text)
    if not wanted:
        return dict.fromkeys(author_ids, People(()))
    rows, groups = _called(wanted, set(author_ids))
    everybody = People(((person_id, name) for person_id, name, _ in rows), groups)
    people = dict.fromkeys(author_ids, everybody)
    for author_id in {person_id for person_id, _, role in rows if role == "guest"} & people.keys():
        known = acquaintances(author_id) or set()
        theirs = set(groups_of([author_id])[author_id].split()) if groups else set()
        people[author_id] = People(
            ((person_id, name) for person_id, name, _ in rows if person_id in known),
            ((group_id, handle) for group_id, handle in groups if encode("g", group_id) in theirs),
        )
    return people


_GROUP = "group"  # no role is called so
_CALLED = f"""
select id, name, role from accounts_person
where is_active and (id = any(%s) or lower(replace(name, ' ', '')) = any(%s)
                     or lower(split_part(name, ' ', 1)) = any(%s) or octet_length(name) > char_length(name))
union all
select id, handle, '{_GROUP}' from accounts_peoplegroup where handle = any(%s)
"""  # noqa: S608 - constants only


def _called(
    names: set[str], person_ids: set[int]
) -> tuple[list[tuple[int, str, str]], list[tuple[int, str]]]:
    """(id, name, role) of the active people who may be called one of `names` (folded), and of `person_ids`; (id, handle)
    of the groups that are called so.

    Of names with letters beyond ASCII all come: Postgres folds those in its own way, and its locale may not at all.
    """
    with connection.cursor() as cursor:
        wanted = list(names)
        cursor.execute(_CALLED, [list(person_ids), wanted, wanted, wanted])
        rows = cursor.fetchall()
    groups = [(group_id, handle) for group_id, handle, kind in rows if kind == _GROUP]
    return [row for row in rows if row[2] != _GROUP], groups


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
        attributes.append(f'data-deleted="{message.deleted_at.timestamp():.6f}"')
        if message.deleted_by_id and message.deleted_by_id != message.author_id:
            attributes.append(f'data-deleter="p{message.deleted_by_id}"')
    if message.pinned_at:
        attributes.append(f'data-pinned="p{message.pinned_by_id or 0}"')
    if message.kind != Message.Kind.POST:
        attributes.append(f'data-kind="{message.kind}"')
    if message.kind != Message.Kind.SYSTEM and (mentions := _mentions(rendered)):
        attributes.append(f'data-mentions="{mentions}"')
    prose = rendered.html if rendered is not None else ""
    return f'<article class="message" {" ".join(attributes)}><div class="prose">{prose}</div>{placeholders(prose)}{parts}{_END}'


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
    names = [encode("p", person_id) for person_id in sorted(rendered.person_ids)]
    names += [encode("g", group_id) for group_id in sorted(rendered.group_ids)]
    names += [ROOM] * rendered.mentions_room + [HERE] * rendered.mentions_here
    return " ".join(names)


def mentions_here(fragment: str) -> bool:
    """Whether a stored fragment says `@here`."""
    found = _MENTIONS.search(fragment)
    return found is not None and HERE in found[1].split()


class Stored(Protocol):
    """A message, or what was read of one, with its fragment."""

    pk: int
    html: str


# What was changed meanwhile is drawn as it is now, by whoever changed it.
_BRING = """
update chat_message set html = drawn.html, html_version = %s
from unnest(%s::bigint[], %s::bigint[], %s::text[]) as drawn (id, revision, html)
where chat_message.id = drawn.id and chat_message.revision = drawn.revision
"""


def bring_up_to_date(rows: Collection[Stored]) -> None:
    """Draw anew the rows whose fragment is of an older template, and store it. No queries when there are none."""
    if not rows:
        return
    full = Message.objects.in_bulk([row.pk for row in rows])
    draw_again(full.values())
    for row in rows:
        row.html = full[row.pk].html
    columns = [(message.pk, message.revision, message.html) for message in full.values()]
    with connection.cursor() as cursor:
        cursor.execute(_BRING, [VERSION, *map(list, zip(*columns, strict=True))])


def draw_again(messages: Collection[Message], rendered: Mapping[int, Rendered] | None = None) -> None:
    """Set the fragments of stored messages, with all their parts; the caller saves them. Inside the organisation.

    `rendered` has texts, by message, that were drawn already; the others are what they were. A query for each kind of
    part, and those of `render_all` for fragments of an older template; a tombstone has no text, and only the parts that
    last.
    """
    rendered = rendered or {}
    living = [message for message in messages if message.deleted_at is None]
    missing = [message for message in living if message.pk not in rendered]
    drawn = {**rendered, **_render_again(missing)}
    tombstones = [message.pk for message in messages if message.deleted_at is not None]
    parts = parts_of([message.pk for message in living]) | parts_of(tombstones, LASTING)
    for message in messages:
        message.html = draw(message, drawn.get(message.pk), parts.get(message.pk, ""))
        message.html_version = VERSION


def _render_again(messages: Collection[Message]) -> dict[int, Rendered]:
    """The texts of messages, by message. They name whom they named, whatever people and groups are called by now: somebody
    else of that name was never told, and is not who was meant. A group that is gone is a word. One query where they name groups.
    """
    old = [message for message in messages if message.html_version != VERSION]
    texts, authors = [message.text for message in old], [message.author_id for message in old]
    found = render_all(texts, authors, [message.html for message in old])
    drawn = {message.pk: text for message, text in zip(old, found, strict=True)}
    named = {message.pk: named_in(message.html) for message in messages if message.pk not in drawn}
    wanted = {group_id for _, groups in named.values() for group_id in groups}
    present = set(PeopleGroup.objects.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
    for message in messages:
        if message.pk in named:
            people, groups = named[message.pk]
            kept = [(group_id, handle) for group_id, handle in groups.items() if group_id in present]
            drawn[message.pk] = render(message.text, People(people.items(), kept), shown_in(message.html))
    return drawn
