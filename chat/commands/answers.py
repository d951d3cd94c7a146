"""What a command is, what it is asked, and what it can answer."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chat.room_names import RoomRefused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import Person
    from chat.listing import NewList
    from chat.models import Room
    from chat.places import Place


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with what stands behind it. The person sees the room; whether they are in it, `place` says."""

    place: "Place"
    argument: str
    client_id: uuid.UUID  # the page's name for what it sent: whatever posts uses it, so that again is once

    @property
    def person(self) -> "Person":
        return self.place.person

    @property
    def room(self) -> "Room":
        return self.place.room


@dataclass(frozen=True, slots=True)
class Said:
    """Post this text as a message of theirs, where the command was written, with a poll or to-do list below it."""

    text: str
    new_list: "NewList | None" = None


@dataclass(frozen=True, slots=True)
class Told:
    """Only the sender reads this, once. `items` are pairs of a term and what it means."""

    text: str
    items: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Led:
    """Lead them to this page of ours."""

    url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Open this dialog of the page, by its id."""

    dialog: str


type Answer = Said | Told | Led | Opened


@dataclass(frozen=True, slots=True)
class Command:
    """`usage` is what follows the name, `help` one sentence. `run` is called inside the organisation and raises what
    the domain raises; whether the person may is decided there. The two switches only keep it out of lists. `counts_as`: it does what another
    page does that not everybody may do at any pace, and is counted with it."""

    name: str
    usage: "StrOrPromise"
    help: "StrOrPromise"
    run: Callable[[Asked], Answer]
    for_guests: bool = True
    in_directs: bool = True
    counts_as: Literal["", "add", "direct"] = ""


class CommandRefused(RoomRefused):
    """Nothing was done; `code` and `detail` are for the person."""
