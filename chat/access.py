"""What a person may see: rooms are fetched through the person, so what they can't see they can't fetch.

A member sees the rooms they are in; everybody but guests also sees public rooms. Somebody who asks for another room
gets the same answer as for one that does not exist.
"""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from chat.models import Membership, Message, Room

if TYPE_CHECKING:
    from accounts.models import Person


def rooms_of(person: "Person") -> QuerySet[Room]:
    """The rooms `person` is a member of. Inside the organisation; lazy."""
    return Room.objects.filter(Exists(_present(person)))


def visible_rooms(person: "Person") -> QuerySet[Room]:
    """The rooms `person` may read. Inside the organisation; lazy."""
    if person.is_guest:
        return rooms_of(person)
    return Room.objects.filter(Q(kind=Room.Kind.PUBLIC) | Exists(_present(person)))


def room_for(person: "Person", room_id: int) -> Room:
    """The room, if `person` may read it. Raises Room.DoesNotExist. One query."""
    return visible_rooms(person).get(pk=room_id)


def membership_of(person: "Person", room_id: int) -> Membership | None:
    """The person's membership, if they are in the room now. One query."""
    return Membership.objects.filter(person=person, room_id=room_id, left_at__isnull=True).first()


def message_for(person: "Person", room_id: int, message_id: int) -> Message:
    """The message, if `person` may read its room. Raises Message.DoesNotExist. One query."""
    return Message.objects.get(pk=message_id, room_id=room_id, room__in=visible_rooms(person))


def may_delete(person: "Person", message: Message) -> bool:
    """Authors delete their own messages, administrators any."""
    return message.author_id == person.pk or person.is_administrator


def may_administer(person: "Person", room: Room) -> bool:
    """Whether `person`, who sees `room`, decides about it: its creator and administrators, and no guest. The posting
    path says the same in SQL (chat.sql)."""
    if room.is_direct or person.is_guest:
        return False
    return person.is_administrator or room.created_by_id == person.pk


def _present(person: "Person") -> QuerySet[Membership]:
    return Membership.objects.filter(room=OuterRef("pk"), person=person, left_at__isnull=True)
