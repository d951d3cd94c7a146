"""What those who look after a room decide about it: its description, who may write there and how often, whether
newcomers join it, and that it becomes private.

They are the room's creator and the organisation's administrators (`chat.access.may_administer`). Every change counts a
revision under the room's lock and reaches open pages, whose composers follow. All functions run inside the
organisation and raise as chat.rooms says.
"""

import unicodedata
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.organisation_settings_form import PERIODS
from chat import broadcasts, revisions
from chat.access import may_administer
from chat.memberships import locked_for
from chat.models import Membership, Room
from chat.room_names import NotAllowed, RoomRefused

if TYPE_CHECKING:
    from accounts.models import Person

LONGEST_DESCRIPTION = 1000
AS_OTHERS = "organisation"  # messages are kept as long as in other rooms
# How slow a room can be: seconds between two posts of one person.
PACES = {
    0: gettext_lazy("as often as they like"),
    10: gettext_lazy("every 10 seconds"),
    30: gettext_lazy("every 30 seconds"),
    60: gettext_lazy("every minute"),
    300: gettext_lazy("every 5 minutes"),
    900: gettext_lazy("every 15 minutes"),
    3600: gettext_lazy("every hour"),
}


@transaction.atomic
def settle_room(
    person: "Person",
    room_id: int,
    *,
    description: str | None = None,
    announcements: bool | None = None,
    open_replies: bool | None = None,
    slow_seconds: int | None = None,
    for_newcomers: bool | None = None,
    retention_days: int | str | None = None,
) -> Room:
    """Decide what is given; the same again changes nothing. `retention_days` is a number (0: for ever) or AS_OTHERS.
    Which rooms newcomers join, and how long messages are kept, is for the organisation's administrators only."""
    room = _governed(person, room_id)
    wanted: dict[str, object] = {
        "description": None if description is None else checked_description(description),
        "announcements": announcements,
        "open_replies": open_replies,
        "slow_seconds": slow_seconds,
        "for_newcomers": for_newcomers,
    }
    changed = {name: value for name, value in wanted.items() if value not in (None, getattr(room, name))}
    if slow_seconds is not None and slow_seconds not in PACES:
        raise RoomRefused("slow_unknown", _("A room can't be slow in this way."))
    if retention_days is not None:
        changed |= _period(person, room, retention_days)
    if "for_newcomers" in changed:
        _require_may_welcome(person, room)
    if changed:
        after = room.head
        revisions.advance(room, revision=after + 1, **changed)
        broadcasts.room_settled(room, after)
    return room


@transaction.atomic
def make_private(person: "Person", room_id: int) -> Room:
    """Close a public room to all but its members: from the commit on nobody else finds, reads or joins it, and who was
    only looking in loses its socket. There is no way back: what was said in private stays so."""
    room = _governed(person, room_id)
    if room.is_default:
        raise RoomRefused("default_room", _("Everybody is in #%s; it stays public.") % room.name)
    if room.kind == Room.Kind.PRIVATE:
        return room
    after = room.head
    revisions.advance(room, revision=after + 1, kind=Room.Kind.PRIVATE, for_newcomers=False)
    broadcasts.room_changed(room, after)
    present = Membership.objects.filter(room=room, person=OuterRef("pk"), left_at__isnull=True)
    outside = get_user_model().objects.filter(is_active=True).exclude(Exists(present))
    broadcasts.shut(room.pk, list(outside.values_list("pk", flat=True)))
    return room


def may_welcome(person: "Person", room: Room) -> bool:
    """Whether `person` decides if newcomers join `room`."""
    return person.is_administrator and room.kind == Room.Kind.PUBLIC and not room.is_default


def may_make_private(person: "Person", room: Room) -> bool:
    """Whether `person` can make `room` private."""
    return room.kind == Room.Kind.PUBLIC and not room.is_default and may_administer(person, room)


def checked_description(text: str) -> str:
    """`text` in its lines, without what can't be seen. Raises RoomRefused."""
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).strip().splitlines()]
    if any(unicodedata.category(one) in ("Cc", "Cs", "Cn", "Co") for line in lines for one in line):
        raise RoomRefused("description_malformed", _("A description can't hold control characters."))
    description = "\n".join(lines)
    if len(description) > LONGEST_DESCRIPTION:
        raise RoomRefused(
            "description_too_long", _("A description has at most %d characters.") % LONGEST_DESCRIPTION
        )
    return description


def _governed(person: "Person", room_id: int) -> Room:
    room = locked_for(person, room_id)
    if room.is_direct:
        raise RoomRefused("direct", _("A direct message has no settings."))
    if not may_administer(person, room):
        raise NotAllowed(_("Only the room's creator and administrators change its settings."))
    if room.is_archived:
        raise RoomRefused("archived", _("This room is archived."))
    return room


def _period(person: "Person", room: Room, days: int | str) -> dict[str, object]:
    wanted = None if days == AS_OTHERS else days
    if wanted == room.retention_days:
        return {}
    if not person.is_administrator:
        raise NotAllowed(_("Only administrators choose how long messages are kept."))
    if wanted is not None and wanted not in dict(PERIODS):
        raise RoomRefused("period_unknown", _("Messages can't be kept for that time."))
    return {"retention_days": wanted}


def _require_may_welcome(person: "Person", room: Room) -> None:
    if room.is_default or room.kind != Room.Kind.PUBLIC:
        raise RoomRefused(
            "newcomers_public", _("Newcomers join public rooms only, and everybody's room always.")
        )
    if not person.is_administrator:
        raise NotAllowed(_("Only administrators choose which rooms newcomers join."))
