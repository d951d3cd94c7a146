"""People and rooms that a command names."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from chat import fragments
from chat.access import visible_rooms
from chat.commands.answers import CommandRefused
from chat.models import Room

if TYPE_CHECKING:
    from accounts.models import Person


def people_first(person: "Person", text: str) -> tuple[dict[int, str], str]:
    """The people whom `text` begins with, as `person` may name them, by id, and what follows them.

    Raises CommandRefused for a name that is nobody's. One query; three for a guest.
    """
    people = fragments.people_for([text], [person.pk])[person.pk]
    found: dict[int, str] = {}
    at = 0
    while text.startswith("@", at):
        named = people.find(text, at, len(text))
        if named is None:
            wanted = text[at:].split(maxsplit=1)[0]
            raise CommandRefused("unknown_person", _("%s is not somebody you can name here.") % wanted)
        person_id, name, length = named
        found[person_id] = name
        at += length
        at += len(text[at:]) - len(text[at:].lstrip(" ,;"))
    return found, text[at:].strip()


def room_named(person: "Person", name: str) -> Room:
    """The open room of this name that `person` sees. Raises CommandRefused. One query."""
    wanted = name.strip().lstrip("#").strip()
    found = visible_rooms(person).exclude(kind=Room.Kind.DIRECT).filter(archived_at__isnull=True)
    room = found.filter(name__iexact=wanted).first() if wanted else None
    if room is None:
        raise CommandRefused("unknown_room", _("There is no room of this name that you can see."))
    return room
