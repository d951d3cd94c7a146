"""Who should be told of a message: the people it mentions, everybody else in a direct message's room, who follows the
thread in which it replies, and who wants to be told of all that is said in the room. Whoever muted the room, or is told
of nothing there, is left out (chat.preferences)."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Notify
from chat.models import Block, Forward, Membership, Message, Reminder, Room, ScheduledMessage
from chat.posts import NewMessage
from chat.text import emoji, spoilers
from notifications.models import Notification

EXCERPT = 140
type _Levels = dict[int, Notify]  # by person
type _Deaf = set[tuple[int, int]]  # a person, and whom they have blocked


def entries_for(posted: Sequence[NewMessage]) -> list[Notification]:
    """The notifications of newly posted messages. No query where nobody could be told, else two at most."""
    members, deaf = _members_of(posted)
    telling = [item for item in posted if _tells(item, members)]
    if not telling:
        return []
    names = names_of({item.message.author_id for item in telling})
    return [
        entry
        for item in telling
        for entry in _entries_of(
            item, names[item.message.author_id], _who_hear(item, members[item.message.room_id], deaf)
        )
    ]


def _who_hear(item: NewMessage, levels: _Levels, deaf: _Deaf) -> _Levels:
    """In a direct message nobody hears of whom they have blocked."""
    if item.room_kind != Room.Kind.DIRECT or not deaf:
        return levels
    author_id = item.message.author_id
    return {person_id: level for person_id, level in levels.items() if (person_id, author_id) not in deaf}


def _members_of(posted: Sequence[NewMessage]) -> tuple[dict[int, _Levels], _Deaf]:
    """Those of each room who could be told of one of these messages, and of what they want to be told; and who has
    blocked whom among those of direct messages. One query."""
    named: defaultdict[int, set[int]] = defaultdict(set)
    whole: set[int] = set()
    for item in posted:
        room_id = item.message.room_id
        named[room_id].update(item.mentioned_ids, item.follower_ids)
        if item.message.position is not None and (item.room_kind == Room.Kind.DIRECT or item.told_all):
            whole.add(room_id)
    people = {person_id for ids in named.values() for person_id in ids}
    levels: defaultdict[int, _Levels] = defaultdict(dict)
    deaf: _Deaf = set()
    if whole or people:
        direct = {item.message.room_id for item in posted if item.room_kind == Room.Kind.DIRECT}
        wanted = (
            Q(room_id__in=direct & whole)
            | Q(room_id__in=whole, notify=Notify.ALL)
            | Q(room_id__in=list(named), person_id__in=people)
        )
        authors = [item.message.author_id for item in posted if item.message.room_id in direct]
        present = Membership.objects.filter(left_at__isnull=True, muted=False).filter(wanted)
        blocked = Block.objects.filter(person=OuterRef("person"), blocked_id__in=authors).values("blocked_id")
        if authors:
            present = present.annotate(blocked=ArraySubquery(blocked))
        fields = ("room_id", "person_id", "notify", *(["blocked"] if authors else []))
        for room_id, person_id, notify, *rest in present.values_list(*fields):
            levels[room_id][person_id] = Notify.ALL if room_id in direct else Notify(notify)
            deaf.update((person_id, author_id) for ids in rest for author_id in ids)
    return levels, deaf


def _tells(item: NewMessage, members: dict[int, _Levels]) -> bool:
    return bool(members[item.message.room_id].keys() - {item.message.author_id})


def _entries_of(item: NewMessage, name: str, levels: _Levels) -> list[Notification]:
    """Each is told once: of a mention before a thread, of that before any message."""
    message = item.message
    listening = {person_id for person_id, level in levels.items() if level != Notify.NOTHING}
    everything = {person_id for person_id, level in levels.items() if level == Notify.ALL}
    direct = item.room_kind == Room.Kind.DIRECT
    entries: list[Notification] = []
    told = {message.author_id}

    def tell(person_ids: Collection[int], kind: str, title: str) -> None:
        new = set(person_ids) - told
        told.update(new)
        entries.extend(_entry(message, person_id, kind, title, item.passed_on) for person_id in sorted(new))

    if direct and message.position is not None:
        tell(everything, Notification.Kind.DIRECT, name)
    elif not direct:
        tell(
            listening.intersection(item.mentioned_ids),
            Notification.Kind.MENTION,
            mention_title(name, item.room_name),
        )
    tell(listening.intersection(item.follower_ids), Notification.Kind.THREAD, thread_title(name, item))
    if not direct and message.position is not None:
        tell(everything, Notification.Kind.ROOM, room_title(name, item.room_name))
    return entries


def mention_entries(message: Message, person_ids: Sequence[int], title: str) -> list[Notification]:
    """The notifications of people whom an edit newly mentions. One query."""
    present = Membership.objects.filter(room_id=message.room_id, left_at__isnull=True, muted=False)
    told = present.filter(person_id__in=person_ids).exclude(notify=Notify.NOTHING)
    return [
        _entry(message, person_id, Notification.Kind.MENTION, title)
        for person_id in told.values_list("person_id", flat=True)
    ]


def mention_title(name: str, room_name: str) -> str:
    return _("%(person)s mentioned you in #%(room)s") % {"person": name, "room": room_name}


def room_title(name: str, room_name: str) -> str:
    return _("%(person)s wrote in #%(room)s") % {"person": name, "room": room_name}


def thread_title(name: str, item: NewMessage) -> str:
    if item.room_kind == Room.Kind.DIRECT:
        return _("%(person)s replied in a thread") % {"person": name}
    return _("%(person)s replied in a thread in #%(room)s") % {"person": name, "room": item.room_name}


def names_of(person_ids: set[int]) -> dict[int, str]:
    return dict(get_user_model().objects.filter(pk__in=person_ids).values_list("pk", "name"))


def reminder_entry(reminder: Reminder, message: Message | None) -> Notification:
    """What a person wanted to be told now; `message` is that of the reminder, where they may read it."""
    told = _("Reminder: %s") % reminder.text if reminder.text else _("Reminder")
    text, link = "", reverse("notifications")
    if message is not None:
        text = excerpt(message.text or _passed_on(message)) or _("Sent files.")
        link = f"{reverse('room', args=[message.room_id])}?message=m{message.pk}"
    elif reminder.message_id is not None:
        text = _("Its message was deleted, or you can't read it any more.")
    return Notification(
        person_id=reminder.person_id,
        kind=Notification.Kind.REMINDER,
        title=told if len(told) <= 200 else f"{told[:199]}…",
        text=text,
        link=link,
        author_id=message.author_id if message else None,
        message_id=message.pk if message else None,
    )


def scheduled_entry(scheduled: ScheduledMessage) -> Notification:
    """A message that could not be posted when its time had come."""
    return Notification(
        person_id=scheduled.person_id,
        kind=Notification.Kind.NOTE,
        title=_("A message that you scheduled was not sent"),
        text=scheduled.problem,
        link=reverse("scheduled"),
    )


def excerpt(text: str) -> str:
    """The beginning of a message's text on one line, its spoilers covered."""
    line = emoji.replace(spoilers.covered(" ".join(text.split())))
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


def _passed_on(message: Message) -> str:
    return Forward.objects.filter(pk=message.pk).values_list("text", flat=True).first() or ""


def _entry(message: Message, person_id: int, kind: str, title: str, passed_on: str = "") -> Notification:
    # What was sent to the room as well is read there, unless it is told to who follows the thread.
    in_thread = kind == Notification.Kind.THREAD or message.position is None
    return Notification(
        person_id=person_id,
        kind=kind,
        title=title[:200],
        text=excerpt(message.text or passed_on) or _("Sent files."),  # what has neither has files
        link=f"{reverse('room', args=[message.room_id])}?message=m{message.pk}",
        author_id=message.author_id,
        room_id=message.room_id,
        message_id=message.pk,
        thread_id=message.thread_id if in_thread else None,
        position=message.thread_position if in_thread else message.position,
        created_at=message.created_at,
    )
