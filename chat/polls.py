"""Polls: voting, adding options, closing. Inside the organisation.

Every change locks the message's room first (`chat.changes`), so one person has one vote however many tabs press at
once; unique constraints say the same. A poll is posted as any message (`Post.new_list`).
"""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from chat import broadcasts, changes, revisions, sql
from chat.changes import MessageRefused
from chat.listing import LONGEST_OPTION, MOST_OPTIONS, ListRefused, cleaned
from chat.models import Message, Poll, PollOption, PollVote, Room
from chat.search.beside import store_words

if TYPE_CHECKING:
    from accounts.models import Person


@transaction.atomic
def vote(person: "Person", room_id: int, message_id: int, number: int) -> list[int]:
    """Choose an option; where one may choose one only, instead of the one before. Again changes nothing. Returns all that
    `person` has chosen now.

    Raises Message.DoesNotExist for what `person` can't see or is no poll, MessageRefused (forbidden, archived, closed,
    unknown_option).
    """
    room, message, poll = _open_poll(person, room_id, message_id)
    option = _option(poll, number)
    mine = PollVote.objects.filter(poll=poll, person=person)
    changed = not mine.filter(option=option).exists()
    if changed:
        if not poll.multiple:
            mine.delete()
        PollVote.objects.create(poll=poll, option=option, person=person, single=not poll.multiple)
        changes.redraw(room, message)
    return _chosen(person, message, changed=changed)


@transaction.atomic
def unvote(person: "Person", room_id: int, message_id: int, number: int) -> list[int]:
    """Take one's own choice back; what is not there changes nothing. Returns and raises as `vote`."""
    room, message, poll = _open_poll(person, room_id, message_id)
    option = _option(poll, number)
    removed, _by_model = PollVote.objects.filter(option=option, person=person).delete()
    if removed:
        changes.redraw(room, message)
    return _chosen(person, message, changed=removed > 0)


def _chosen(person: "Person", message: Message, *, changed: bool) -> list[int]:
    """The numbers of what `person` has chosen, of which their other pages hear where it `changed`. One query."""
    found = PollVote.objects.filter(poll=message.pk, person=person).order_by("option__number")
    numbers = list(found.values_list("option__number", flat=True))
    if changed:
        broadcasts.chose(person.pk, message, options=numbers)
    return numbers


@transaction.atomic
def add_option(person: "Person", room_id: int, message_id: int, text: str) -> None:
    """One more option: by the author, by others where the poll is open. One that is there already changes nothing.

    Raises as `vote`, and MessageRefused (malformed, too_long, too_many).
    """
    room, message, poll = _open_poll(person, room_id, message_id)
    if not poll.open and message.author_id != person.pk:
        raise MessageRefused("forbidden", _("Only who asked adds options to this poll."))
    try:
        line = cleaned(text, LONGEST_OPTION)
    except ListRefused as refused:
        raise MessageRefused(refused.code, refused.detail) from None
    present = poll.options.aggregate(last=Max("number"))["last"] or 0
    if poll.options.filter(text__iexact=line).exists():
        return
    if present >= MOST_OPTIONS:
        raise MessageRefused("too_many", _("A poll has at most %d options.") % MOST_OPTIONS)
    PollOption.objects.create(poll=poll, number=present + 1, text=line, added_by=person)
    changes.redraw(room, message)
    store_words(message)


@transaction.atomic
def close_poll(person: "Person", room_id: int, message_id: int) -> None:
    """End a poll for good: its author, or an administrator. Again changes nothing. Raises as `vote`."""
    room, message = changes.changing(person, room_id, message_id)
    poll = _poll_of(message)
    if message.author_id != person.pk and not person.is_administrator:
        raise MessageRefused("forbidden", _("Only who asked and administrators close a poll."))
    _close(room, message, poll)


@transaction.atomic
def close_when_due(room_id: int, message_id: int) -> None:
    """What the worker does at a poll's end; twice does no harm."""
    room = revisions.locked(room_id)
    message = Message.objects.filter(pk=message_id, room=room, deleted_at__isnull=True).first()
    poll = Poll.objects.filter(message_id=message_id, closes_at__lte=sql.clock()).first()
    if message and poll:
        _close(room, message, poll)


def _close(room: Room, message: Message, poll: Poll) -> None:
    if poll.closed_at is None:
        poll.closed_at = sql.clock()
        poll.save(update_fields=["closed_at"])
        changes.redraw(room, message)


def _open_poll(person: "Person", room_id: int, message_id: int) -> tuple[Room, Message, Poll]:
    room, message = changes.changing(person, room_id, message_id, as_member=True)
    poll = _poll_of(message)
    if poll.closed_at is not None or (poll.closes_at is not None and poll.closes_at <= sql.clock()):
        raise MessageRefused("closed", _("This poll is closed."))
    return room, message, poll


def _poll_of(message: Message) -> Poll:
    poll = Poll.objects.filter(message=message).first()
    if poll is None:
        raise Message.DoesNotExist
    return poll


def _option(poll: Poll, number: int) -> PollOption:
    option = poll.options.filter(number=number).first()
    if option is None:
        raise MessageRefused("unknown_option", _("This option is not there."))
    return option
