"""Hears of what happens to people, inside its transaction; `accounts` knows nothing of rooms."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import signals
from chat import attachments, broadcasts, threads
from chat.memberships import enrol
from chat.models import Message, Room
from chat.signals import message_deleted, personal_counts

if TYPE_CHECKING:
    from accounts.models import Person


@receiver(signals.person_joined)
def join_everybodys_rooms(person: "Person", **kwargs: Any) -> None:
    """A newcomer joins the default rooms; the organisation's first person finds `#general` made for them.

    Guests join nothing by themselves: an administrator adds them to the rooms they are meant for.
    """
    if person.is_guest:
        return
    default = Room.objects.filter(is_default=True)
    if not default.exists():
        Room.objects.create(kind=Room.Kind.PUBLIC, name=_("general"), created_by=person, is_default=True)
    for room in default.select_for_update(no_key=True).order_by("pk"):  # in order, as all who lock several
        enrol(room, [person.pk])


@receiver(signals.person_changed)
def show_changed_person(person: "Person", changed: Collection[str] = (), **kwargs: Any) -> None:
    """Pages fetch the card again; a guest who became a member joins what members join."""
    broadcasts.person_changed(person.pk)
    if "role" in changed:
        join_everybodys_rooms(person)


@receiver(message_deleted)
def delete_its_files(message: Message, **kwargs: Any) -> None:
    attachments.delete_of(message)


@receiver(personal_counts)
def unread_replies(**kwargs: Any) -> dict[str, str]:
    """Beside what the apps above count."""
    return {"threads": threads.UNREAD_COUNT}
