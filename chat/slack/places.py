"""The rooms that channels become. Inside the organisation.

While a room is filled it is private, archived and without members, so nobody sees half of it or says something in
between; what it is, how it is called and who is in it comes last, in one transaction.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from chat import broadcasts, preferences, revisions
from chat.models import Import, ImportedRoom, Membership, Message, Room, ThreadFollow
from chat.room_names import LONGEST_NAME, LONGEST_TOPIC, RoomRefused, checked_name, checked_topic
from chat.rooms import MOST_IN_DIRECT
from chat.slack.reading import Export
from chat.slack.shapes import Channel
from chat.text import without_controls

_MOST_TRIES = 50
_AT_ONCE = 1_000  # messages
_READ_ALL = """
update chat_threadfollow follow set read_position = thread.messages, unread = false
from chat_thread thread where thread.root_id = follow.thread_id and thread.room_id = %s
"""


@transaction.atomic
def begin(running: Import, export: Export, channel: Channel, created_by: int | None) -> ImportedRoom:
    """A room for the channel, or the one that an interrupted import of this file has begun.

    What another file has begun is thrown away first: nobody has seen it.
    """
    known = ImportedRoom.objects.select_for_update().filter(source=export.source, channel=channel.id).first()
    if known is not None:
        if known.state == ImportedRoom.State.DONE or known.imported_by_id == running.pk:
            return known
        throw_away(known)
    room = Room.objects.create(
        kind=Room.Kind.PRIVATE,
        name=name_of(channel),
        archived_at=datetime.now(UTC),
        created_by_id=created_by,
    )
    return ImportedRoom.objects.create(
        imported_by=running, source=export.source, channel=channel.id, room=room
    )


@transaction.atomic
def throw_away(known: ImportedRoom) -> None:
    """A room that was never finished, with everything in it."""
    room_id = known.room_id
    messages = Message.objects.filter(room_id=room_id)
    for some in (messages.filter(thread__isnull=False), messages):
        # Django holds what it deletes in memory; nobody writes into the room, so each round finds other ones.
        while ids := list(some.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
            Message.objects.filter(pk__in=ids).delete()
    Room.objects.filter(pk=room_id).delete()


def name_of(channel: Channel) -> str:
    """The channel's name as a room's."""
    try:
        return checked_name(without_controls(channel.called)[:LONGEST_NAME])
    except RoomRefused:
        return channel.id[:LONGEST_NAME]


def topic_of(channel: Channel) -> str:
    """Topic and purpose, as far as they fit into a line."""
    said = [one.value.strip() for one in (channel.topic, channel.purpose) if one and one.value]
    text = " – ".join(dict.fromkeys(one for one in said if one))
    text = " ".join(without_controls(text).split())
    if len(text) > LONGEST_TOPIC:
        text = text[: LONGEST_TOPIC - 1].rstrip() + "…"
    try:
        return checked_topic(text)
    except RoomRefused:
        return ""


@transaction.atomic
def finish(known: ImportedRoom, channel: Channel, member_ids: Iterable[int]) -> None:
    """Let the room be what the channel was, with these members, who have read all of it; tell their pages.

    Raises IntegrityError where its name was taken at this very moment: try again.
    """
    members = sorted(set(member_ids))
    room = revisions.locked(known.room_id)
    created = _created(room)
    changed: dict[str, object] = {
        "topic": topic_of(channel),
        "created_at": created,
        "archived_at": room.archived_at if channel.is_archived else None,
        **_kind(room, channel, members),
    }
    after = room.head
    revision = revisions.advance(room, revision=after + 1, **changed)
    Membership.objects.bulk_create(
        Membership(
            room=room,
            person_id=person_id,
            read_position=room.messages,
            revision=revision,
            joined_at=created,
        )
        for person_id in members
    )
    preferences.follow_default(members, room.pk)
    with connection.cursor() as cursor:
        cursor.execute(_READ_ALL, [room.pk])
    ThreadFollow.objects.filter(thread__room=room).exclude(person_id__in=members).delete()
    ImportedRoom.objects.filter(pk=known.pk).update(state=ImportedRoom.State.DONE)
    broadcasts.members_changed(room, after, len(members))
    broadcasts.joined(room.pk, members)


def _created(room: Room) -> datetime:
    first = Message.objects.filter(room=room).order_by(F("position").asc(nulls_last=True)).first()
    return first.created_at if first else room.created_at


def _kind(room: Room, channel: Channel, members: list[int]) -> dict[str, object]:
    """What the room is. People who write to each other here already keep that room: the past gets one beside it."""
    if channel.kind != Room.Kind.DIRECT:
        return {"kind": channel.kind, "name": _free_name(room.name, room, archived=bool(channel.is_archived))}
    key = ",".join(map(str, members))
    fits = 0 < len(members) <= MOST_IN_DIRECT
    if fits and not Room.objects.filter(direct_key=key).exists():
        return {"kind": Room.Kind.DIRECT, "name": "", "direct_key": key}
    name = _free_name(_("Direct messages of before"), room, archived=bool(channel.is_archived))
    return {"kind": Room.Kind.PRIVATE, "name": name}


def _free_name(name: str, room: Room, *, archived: bool) -> str:
    """`name`, or what comes next to it that no other room has."""
    if archived:
        return name
    others = Room.objects.filter(archived_at__isnull=True).exclude(kind=Room.Kind.DIRECT).exclude(pk=room.pk)
    for number in range(1, _MOST_TRIES):
        more = "" if number == 1 else " (Slack)" if number == 2 else f" (Slack {number - 1})"
        wanted = name[: LONGEST_NAME - len(more)].rstrip() + more
        if not others.filter(name__iexact=wanted).exists():
            return wanted
    return f"{name[: LONGEST_NAME - 20]} {room.pk}"
