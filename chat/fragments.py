"""Drawing a message, once, when it changes. Everything that shows it uses the stored text."""

from collections.abc import Collection, Sequence
from functools import cache

from django.contrib.auth import get_user_model
from django.template import Context, Template
from django.template.loader import get_template
from django.utils.safestring import mark_safe

from chat.directory import acquaintances
from chat.models import Message
from chat.text import HTML_VERSION, People, Rendered, candidates, render

TEMPLATE_VERSION = 1
VERSION = 100 * TEMPLATE_VERSION + HTML_VERSION  # of a stored fragment; rows of an older one are drawn anew


def render_all(texts: Sequence[str], author_ids: Sequence[int]) -> list[Rendered]:
    """Markdown to HTML for each text of its author, who names only people they may know of.

    Inside the organisation. One query for all people they may name, none where there is no @; three for each guest.
    """
    if not any("@" in text and candidates(text) for text in texts):
        return [render(text, People(())) for text in texts]
    rows = list(get_user_model().objects.filter(is_active=True).values_list("id", "name", "role"))
    guests = {person_id for person_id, _, role in rows if role == "guest"}
    everybody = People(
        (person_id, name) for person_id, name, _ in rows
    )  # once: half a millisecond for 500 names
    people = dict.fromkeys(author_ids, everybody)
    for author_id in guests & people.keys():
        known = acquaintances(author_id) or set()
        people[author_id] = People((person_id, name) for person_id, name, _ in rows if person_id in known)
    return [render(text, people[author_id]) for text, author_id in zip(texts, author_ids, strict=True)]


@cache
def _template() -> Template:
    return get_template("chat/message.html").template  # type: ignore[attr-defined] # Django's own, not the backend's


def draw(message: Message, rendered: Rendered | None) -> str:
    """The fragment of `message`, under 1 KB for a plain one; `rendered` is None for a tombstone. No queries."""
    mentions: list[str] = []
    if rendered is not None:
        mentions = [f"p{person_id}" for person_id in sorted(rendered.person_ids)]
        if rendered.mentions_room:
            mentions.append("room")
    context = {
        "message": message,
        "created": f"{message.created_at.timestamp():.6f}",
        "edited": f"{message.edited_at.timestamp():.6f}" if message.edited_at else "",
        "mentions": " ".join(mentions),
        "prose": mark_safe(rendered.html) if rendered is not None else "",  # noqa: S308 - sanitised by chat.text
    }
    return _template().render(Context(context)).strip()


def bring_up_to_date(rows: Collection[Message]) -> None:
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
