"""How a person is shown wherever they appear."""

import time
from typing import TYPE_CHECKING, NotRequired, TypedDict

from accounts import looks
from tenants.ids import encode

if TYPE_CHECKING:
    from accounts.models import Person


class Status(TypedDict):
    """What somebody is at; `until` in seconds since 1970, 0 for no end."""

    emoji: str
    text: str
    until: float


class Card(TypedDict):
    """What pages know of a person; the same for everybody who may see them."""

    id: str
    name: str
    initials: str
    hue: int
    picture: str
    kind: str
    active: bool
    role: str
    status: NotRequired[Status]  # where they have one, and are active


# The columns that `card_from` takes, in its order, of a table or alias called `person`.
CARD_COLUMNS = (
    "person.id, person.name, person.picture, person.kind, person.is_active, person.role, person.status_emoji,"
    " person.status_text, extract(epoch from person.status_until)::float8"
)
type CardRow = tuple[int, str, str, str, bool, str, str, str, float | None]


def card(person: "Person") -> Card:
    """The card of `person`. No query."""
    until = person.status_until.timestamp() if person.status_until else None
    columns = (person.kind, person.is_active, person.role, person.status_emoji, person.status_text, until)
    return card_from((person.pk, person.name, person.picture.name or "", *columns))


def card_from(row: CardRow) -> Card:
    """The card of a person's CARD_COLUMNS, for statements that bring people beside other things. No query."""
    person_id, name, picture, kind, active, role, emoji, text, until = row
    found: Card = {
        "id": encode("p", person_id),
        "name": name,
        "initials": looks.initials(name),
        "hue": looks.hue(person_id, name),
        "picture": looks.picture_url(person_id, picture),
        "kind": kind,
        "active": active,
        "role": role,
    }
    if active and emoji and (until is None or until > time.time()):
        found["status"] = {"emoji": emoji, "text": text, "until": until or 0}
    return found
