"""Makes the demo's people, rooms and talk, as if they had been here for weeks. Inside the demo organisation."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Max

from accounts import people
from accounts.models import Person
from chat import rooms
from chat.demo import cast, talk
from chat.imports import Past, import_history
from chat.messages import post_messages
from chat.models import Membership, Message, Room
from chat.posts import Post, Posted

Cast = dict[str, Person]


@transaction.atomic
def build(now: datetime) -> int:
    """Fill the entered, empty organisation, ending at `now`; returns how many messages were said."""
    everybody = _make_people(now)
    made = {place.name: _make_room(place, everybody) for place in cast.ROOMS}
    made |= {"+".join(keys): _open_direct(keys, everybody) for keys in cast.DIRECTS}
    said = sum(_talk(name, room, everybody, now) for name, room in made.items())
    for name, room in made.items():
        _read(room, cast.UNREAD.get(name, {}), everybody)
    _end_what_has_ended(made, everybody)
    _say_just_now(made, everybody)
    return said + len(cast.JUST_NOW)


def _make_people(now: datetime) -> Cast:
    everybody = {
        part.key: people.create_person(
            email=cast.EMAIL.format(key=part.key),
            name=part.name,
            role=part.role,
            kind=part.kind,
            time_zone=part.time_zone,
        )
        for part in cast.PEOPLE
    }
    for number, person in enumerate(everybody.values()):
        Person.objects.filter(pk=person.pk).update(
            created_at=now - timedelta(days=900 - 41 * number),
            last_seen_at=now - timedelta(minutes=9 * number),
        )
    # One hash for all: each would take half a second.
    humans = Person.objects.filter(kind=Person.Kind.PERSON)
    humans.update(password=make_password(cast.PASSWORD))
    return everybody


def _make_room(place: cast.Place, everybody: Cast) -> Room:
    founder = everybody[cast.FOUNDER]
    existing = Room.objects.filter(name=place.name).first()  # #general came with the founder
    if existing is not None:
        return rooms.set_topic(founder, existing.pk, place.topic)
    keys = place.members or [key for key, person in everybody.items() if not person.is_guest]
    return rooms.create_room(
        founder, place.name, place.kind, topic=place.topic, members=_ids(keys, everybody) - {founder.pk}
    )


def _open_direct(keys: Collection[str], everybody: Cast) -> Room:
    first, *others = keys
    return rooms.open_direct(everybody[first], _ids(others, everybody))


def _ids(keys: Collection[str], everybody: Cast) -> set[int]:
    return {everybody[key].pk for key in keys}


def _talk(name: str, room: Room, everybody: Cast, now: datetime) -> int:
    said = talk.read(f"directs/{name}" if room.is_direct else name, now)
    past = [
        Past(
            everybody[one.who].pk,
            one.text,
            one.at,
            edited_at=one.fate_at if one.edited else None,
            deleted_at=one.fate_at if one.deleted else None,
        )
        for one in said
    ]
    began = said[0].at - timedelta(hours=2)
    Room.objects.filter(pk=room.pk).update(created_at=began)
    Membership.objects.filter(room=room).update(joined_at=began)
    return import_history(room.pk, past, kind=Message.Kind.POST)


def _read(room: Room, unread: dict[str, int], everybody: Cast) -> None:
    """Everybody has read everything but what `unread` says; nobody is behind their own last message."""
    room.refresh_from_db(fields=["messages"])
    memberships = Membership.objects.filter(room=room)
    memberships.update(read_position=room.messages)
    for key, count in unread.items():
        person = everybody[key]
        own = Message.objects.filter(room=room, author=person).aggregate(last=Max("position"))["last"] or 0
        memberships.filter(person=person).update(read_position=max(own, room.messages - count))


def _end_what_has_ended(made: dict[str, Room], everybody: Cast) -> None:
    founder = everybody[cast.FOUNDER]
    for place in cast.ROOMS:
        if place.archived:
            rooms.archive_room(founder, made[place.name].pk)
    people.deactivate(founder, everybody[cast.LEFT].pk)


def _say_just_now(made: dict[str, Room], everybody: Cast) -> None:
    posts = [Post(everybody[who].pk, made[where].pk, uuid4(), text) for where, who, text in cast.JUST_NOW]
    for answer in post_messages(posts):
        if not isinstance(answer, Posted):
            raise ValueError(answer.detail)
