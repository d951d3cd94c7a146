"""A message as it is now, to be passed on in another one. Inside the organisation."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chat import fragments
from chat.models import Forward, Message
from chat.parts import origins
from chat.text import MAX_TEXT, Rendered

LONGEST = 2 * MAX_TEXT  # characters: what is said of a forward each time it is forwarded would add up


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is passed on of a message: `text` as it was typed, and drawn. Its files are the new message's own."""

    original_id: int | None
    author_id: int
    posted_at: datetime
    text: str
    html: str
    words: str

    @property
    def part(self) -> str:
        """As the new message shows it."""
        return origins.forwarded(self.original_id, self.author_id, self.posted_at, self.html)

    def with_words(self, rendered: Rendered) -> Rendered:
        """The text of the new message, found by the words that it passes on too."""
        return replace(rendered, plain=f"{rendered.plain}\n{self.words}")


def take(message: Message) -> Snapshot:
    """What there is to pass on of `message`. Of a forward that says nothing itself it is what that passes on.

    Two queries at most, and those of its author's mentions.
    """
    inner = Forward.objects.filter(pk=message.pk).first()
    if inner is not None and not message.text:
        return Snapshot(
            inner.original_id, inner.author_id, inner.posted_at, inner.text, inner.html, inner.words
        )
    text = message.text
    if inner is not None and inner.text:
        quoted = "\n".join(f"> {line}" for line in inner.text.split("\n"))
        text = f"{text}\n\n{quoted}"
        text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    (rendered,) = fragments.render_all([text], [message.author_id], [message.html])
    html = rendered.html if text else ""
    return Snapshot(message.pk, message.author_id, message.created_at, text, html, rendered.plain)


def insert(taken: Iterable[tuple[Message, Snapshot]]) -> None:
    """Keep what these new messages pass on. One query."""
    Forward.objects.bulk_create(
        Forward(
            message=message,
            original_id=snapshot.original_id,
            author_id=snapshot.author_id,
            text=snapshot.text,
            html=snapshot.html,
            words=snapshot.words,
            posted_at=snapshot.posted_at,
        )
        for message, snapshot in taken
    )
