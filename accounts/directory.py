"""How a person is shown wherever they appear."""

from typing import TYPE_CHECKING, TypedDict

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


def card(person: "Person") -> Card:
    """The card of `person`. No query."""
    return {
        "id": encode("p", person.pk),
        "name": person.name,
        "initials": person.initials,
        "hue": person.hue,
        "picture": person.picture_url,
        "kind": person.kind,
        "active": person.is_active,
        "role": person.role,
    }
