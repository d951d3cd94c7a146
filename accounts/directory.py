"""How a person is shown wherever they appear."""

from typing import TYPE_CHECKING, TypedDict

from accounts import looks
from tenants.ids import encode

if TYPE_CHECKING:
    from accounts.models import Person


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


# The columns that `card_from` takes, in its order, of a table or alias called `person`.
CARD_COLUMNS = "person.id, person.name, person.picture, person.kind, person.is_active, person.role"


def card(person: "Person") -> Card:
    """The card of `person`. No query."""
    picture = person.picture.name or ""
    return card_from(person.pk, person.name, picture, person.kind, person.is_active, person.role)


def card_from(person_id: int, name: str, picture: str, kind: str, active: bool, role: str) -> Card:
    """The card of the person of these columns, for statements that bring people beside other things. No query."""
    return {
        "id": encode("p", person_id),
        "name": name,
        "initials": looks.initials(name),
        "hue": looks.hue(person_id, name),
        "picture": looks.picture_url(person_id, picture),
        "kind": kind,
        "active": active,
        "role": role,
    }
