"""Who may move a message, or a thread, where (chat.moving). Inside the organisation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.organisation_settings import organisation_settings
from chat import access, changes, pace, sql
from chat.changes import MessageRefused
from chat.models import Membership, Message, PollOption, PollVote, Room, TodoItem

if TYPE_CHECKING:
    from accounts.models import Person

MOST_REPLIES = 500


def require_may_move(person: "Person", source: Room, target: Room, moving: Sequence[Message]) -> None:
    """What others said to few is not carried to many by who began it, and not taken from them."""
    message = moving[0]
    if not access.may_delete(person, message):
        raise MessageRefused("forbidden", _("Only its author and administrators can move a message."))
    of_others = any(one.author_id != person.pk and one.deleted_at is None for one in moving)
    among_few = source.kind != Room.Kind.PUBLIC and (of_others or _others_chose(person, moving))
    if among_few and source.is_direct:
        raise MessageRefused("forbidden", _("What others said in a direct message stays there."))
    if not person.is_administrator:
        if among_few:
            raise MessageRefused(
                "forbidden", _("Others replied or voted in this private room. An administrator can move it.")
            )
        if of_others and target.kind != Room.Kind.PUBLIC and not _are_all_in(target, moving):
            raise MessageRefused(
                "forbidden", _("Somebody who replied is not in that room. An administrator can move it.")
            )
        if changes.is_too_late(message, organisation_settings().delete_window):
            raise MessageRefused(
                "too_late", _("It is too late to move this message. An administrator still can.")
            )
    if len(moving) > MOST_REPLIES + 1:
        raise MessageRefused("too_many", _("A thread of more than %d replies can't be moved.") % MOST_REPLIES)


def _others_chose(person: "Person", messages: Sequence[Message]) -> bool:
    """Whether others voted, added options or did what was to do: that names them, too. Three queries at most."""
    ids = [one.pk for one in messages]
    voted = PollVote.objects.filter(poll__in=ids).exclude(person=person)
    added = PollOption.objects.filter(poll__in=ids, added_by__isnull=False).exclude(added_by=person)
    done = TodoItem.objects.filter(todo__in=ids, done_by__isnull=False).exclude(done_by=person)
    return voted.exists() or added.exists() or done.exists()


def _are_all_in(room: Room, messages: Sequence[Message]) -> bool:
    authors = {one.author_id for one in messages if one.deleted_at is None}
    present = Membership.objects.filter(room=room, person__in=authors, left_at__isnull=True)
    return present.count() == len(authors)


def require_may_write(person: "Person", target: Room) -> None:
    """A move is no way around what holds for posting there, and counts as a post in a slow room. Two queries there."""
    if access.may_administer(person, target):
        return
    membership = Membership.objects.filter(room=target, person=person)
    last, now = membership.values_list("posted_at", flat=True).get(), sql.clock()
    if refusal := pace.refusal(target, last, now, in_thread_only=False):
        raise MessageRefused(*refusal)
    if target.slow_seconds:
        membership.update(posted_at=now)
