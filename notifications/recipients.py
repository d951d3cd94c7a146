"""Who should be told of a message: the people it mentions, everybody else in a direct message's room, and who follows
the thread in which it replies."""

from collections import defaultdict
from collections.abc import Sequence

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import gettext as _

from chat.messages import NewMessage
from chat.models import Membership, Message, Room
from chat.text import emoji
from notifications.models import Notification

EXCERPT = 140


def entries_for(posted: Sequence[NewMessage]) -> list[Notification]:
    """The notifications of newly posted messages. No query where nobody is to be told, else two at most."""
    direct = _members_of_directs(posted)
    telling = [
        item for item in posted if item.mentioned_ids or item.follower_ids or item.message.room_id in direct
    ]
    if not telling:
        return []
    names = names_of({item.message.author_id for item in telling})
    entries: list[Notification] = []
    for item in telling:
        message, name = item.message, names[item.message.author_id]
        if item.room_kind == Room.Kind.DIRECT and message.position is not None:
            told = direct[message.room_id] - {message.author_id}
            entries += [_entry(message, person_id, Notification.Kind.DIRECT, name) for person_id in told]
        else:
            title = mention_title(name, item.room_name)
            told = set(item.mentioned_ids) if item.room_kind != Room.Kind.DIRECT else set()
            entries += [_entry(message, person_id, Notification.Kind.MENTION, title) for person_id in told]
        followers = set(item.follower_ids) - told
        if followers:
            title = thread_title(name, item)
            entries += [
                _entry(message, person_id, Notification.Kind.THREAD, title) for person_id in followers
            ]
    return entries


def mention_entries(message: Message, person_ids: Sequence[int], title: str) -> list[Notification]:
    """The notifications of people whom an edit newly mentions."""
    return [_entry(message, person_id, Notification.Kind.MENTION, title) for person_id in person_ids]


def mention_title(name: str, room_name: str) -> str:
    return _("%(person)s mentioned you in #%(room)s") % {"person": name, "room": room_name}


def thread_title(name: str, item: NewMessage) -> str:
    if item.room_kind == Room.Kind.DIRECT:
        return _("%(person)s replied in a thread") % {"person": name}
    return _("%(person)s replied in a thread in #%(room)s") % {"person": name, "room": item.room_name}


def names_of(person_ids: set[int]) -> dict[int, str]:
    return dict(get_user_model().objects.filter(pk__in=person_ids).values_list("pk", "name"))


def excerpt(text: str) -> str:
    """The beginning of a message's text on one line."""
    line = emoji.replace(" ".join(text.split()))
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


def _members_of_directs(posted: Sequence[NewMessage]) -> dict[int, set[int]]:
    rooms = {
        item.message.room_id
        for item in posted
        if item.room_kind == Room.Kind.DIRECT and item.message.position is not None
    }
    members: defaultdict[int, set[int]] = defaultdict(set)
    if rooms:
        present = Membership.objects.filter(room_id__in=rooms, left_at__isnull=True)
        for room_id, person_id in present.values_list("room_id", "person_id"):
            members[room_id].add(person_id)
    return members


def _entry(message: Message, person_id: int, kind: str, title: str) -> Notification:
    # What was sent to the room as well is read there, unless it is told to who follows the thread.
    in_thread = kind == Notification.Kind.THREAD or message.position is None
    return Notification(
        person_id=person_id,
        kind=kind,
        title=title[:200],
        text=excerpt(message.text) or _("Sent files."),  # what has no text has files
        link=f"{reverse('room', args=[message.room_id])}?message=m{message.pk}",
        author_id=message.author_id,
        room_id=message.room_id,
        message_id=message.pk,
        thread_id=message.thread_id if in_thread else None,
        position=message.thread_position if in_thread else message.position,
        created_at=message.created_at,
    )
