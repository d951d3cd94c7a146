"""Counting a room's changes, under its row's lock."""

from collections.abc import Callable, Collection

from django.db import transaction
from django.db.models import F

from chat.models import Room


def locked(room_id: int) -> Room:
    """The room with its row locked until the transaction ends; every change of a room starts here.

    Raises Room.DoesNotExist. Needs a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A room is locked inside a transaction.")
    return Room.objects.select_for_update(no_key=True).get(pk=room_id)


def locked_all(find: Callable[[], Collection[int]]) -> dict[int, Room]:
    """The rooms (by id) that `find` names, locked in order of id, and named by it still: what moved while this waited is
    followed without holding one room and asking for another. Those that are gone are left out. Needs a transaction.
    """
    wanted = set(find())
    while True:
        before = transaction.savepoint_create()  # to give the locks back
        rooms = Room.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
        locked = {room.pk: room for room in rooms}
        now = set(find())
        if now <= wanted:
            transaction.savepoint_commit(before)
            return locked
        transaction.savepoint_rollback(before)
        wanted = now


def advance(room: Room, **changed: object) -> int:
    """Count one change of the locked `room` and save `changed` with it; returns the new revision (`room.head`)."""
    Room.objects.filter(pk=room.pk).update(head=F("head") + 1, **changed)
    room.head += 1
    for name, value in changed.items():
        setattr(room, name, value)
    return room.head
