"""Hears of what happens to people, inside its transaction; `accounts` knows nothing of rooms."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import signals
from accounts.groups import GROUPS_OF
from chat import (
    attachments,
    blocks,
    broadcasts,
    directory,
    drafts,
    preferences,
    receipts,
    reminders,
    saved,
    threads,
)
from chat.jobs import close_poll
from chat.memberships import enrol
from chat.models import Forward, ImportedFile, Membership, Message, MessageVersion, Poll, Room, TodoList
from chat.signals import messages_deleted, messages_moved, personal_counts, personal_lists, poll_will_close
from tenants.jobs import enqueue

if TYPE_CHECKING:
    from accounts.models import Person


@receiver(signals.person_joined)
def join_everybodys_rooms(person: "Person", **kwargs: Any) -> None:
    """A newcomer joins the rooms that are meant for newcomers; the organisation's first person finds `#general` made for them.

    Guests join nothing by themselves: an administrator adds them to the rooms they are meant for.
    """
    if person.is_guest:
        return
    if not Room.objects.filter(is_default=True).exists():
        Room.objects.create(kind=Room.Kind.PUBLIC, name=_("general"), created_by=person, is_default=True)
    welcoming = Room.objects.filter(Q(is_default=True) | Q(for_newcomers=True), archived_at__isnull=True)
    been_in = set(Membership.objects.filter(person=person).values_list("room_id", flat=True))
    for room in welcoming.select_for_update(no_key=True).order_by("pk"):  # in order, as all who lock several
        if room.is_default or room.pk not in been_in:  # who left one of the others stays out
            enrol(room, [person.pk])


@receiver(signals.person_changed)
def show_changed_person(person: "Person", changed: Collection[str] = (), **kwargs: Any) -> None:
    """Pages fetch the card again; a guest who became a member joins what members join."""
    if "shares_reading" in changed:
        receipts.show_or_hide(person)
    if "away" in changed:
        broadcasts.away_changed(person.pk)
    if not set(changed) <= {"notify", "shares_reading", "away"}:  # which are nobody else's business
        broadcasts.person_changed(person.pk, directory.guests_who_know(person.pk))
    if "notify" in changed:
        preferences.follow_default([person.pk])
    if "role" in changed:
        join_everybodys_rooms(person)
    if "active" in changed and person.is_active:
        reminders.remind_again(person)


@receiver(messages_deleted)
def delete_their_files(messages: Sequence[Message], **kwargs: Any) -> None:
    attachments.delete_of(messages)


@receiver(messages_deleted)
def forget_what_they_said(messages: Sequence[Message], **kwargs: Any) -> None:
    MessageVersion.objects.filter(message__in=messages).delete()
    Forward.objects.filter(message__in=messages).delete()
    # Its name, and the line of the text that it was to replace.
    ImportedFile.objects.filter(message__in=messages).delete()


@receiver(messages_deleted)
def delete_their_lists(messages: Sequence[Message], **kwargs: Any) -> None:
    Poll.objects.filter(message__in=messages).delete()
    TodoList.objects.filter(message__in=messages).delete()


@receiver(poll_will_close)
def close_it_in_time(message: Message, closes_at: datetime, **kwargs: Any) -> None:
    """Here and not where polls are posted: the jobs know of posting, too."""
    enqueue(close_poll, at=closes_at, room_id=message.room_id, message_id=message.pk)


@receiver(messages_moved)
def close_it_there_in_time(moved: list[tuple[Message, Message]], **kwargs: Any) -> None:
    """The job that was to end a poll names the message that it was in."""
    open_polls = Poll.objects.filter(message__in=[new for _, new in moved], closed_at__isnull=True)
    for poll in open_polls.filter(closes_at__isnull=False).select_related("message"):
        enqueue(close_poll, at=poll.closes_at, room_id=poll.message.room_id, message_id=poll.message_id)


@receiver(personal_counts)
def unread_replies(**kwargs: Any) -> dict[str, str]:
    """Beside what the apps above count."""
    return {
        "threads": threads.UNREAD_COUNT,
        "reply_mentions": threads.UNREAD_MENTIONS,
        "groups": GROUPS_OF,
        "blocked": blocks.BLOCKED,
    }


@receiver(personal_counts)
def put_by(**kwargs: Any) -> dict[str, str]:
    return {"saved": saved.OPEN_COUNT, "drafts": drafts.COUNT}


@receiver(personal_lists)
def saved_messages_and_drafts(**kwargs: Any) -> dict[str, str]:
    """Which messages a page marks as saved, and where it may have an old draft."""
    return {"saved_messages": saved.OPEN_MESSAGES, "draft_places": drafts.PLACES}
